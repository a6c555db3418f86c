// Prints what the page reads from the depth file named on the command line.
import { openAsBlob } from "node:fs";

import { readDepth } from "../../../api/web/depth/read.js";

const depth = await readDepth(await openAsBlob(process.argv[2]));
console.log(JSON.stringify(depth && { ...depth, codes: [...depth.codes] }));
