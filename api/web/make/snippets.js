// The call that makes the same, for a terminal and for Python.

const shell = (text) => (/^[\w./:=,@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const python = (value) => {
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "number" ? String(value) : JSON.stringify(value);
};

/** The shell commands that make `output` of the file `name` with `options` at `service` (a URL). */
export function curl(service, name, output, options, ending) {
  const fields = Object.entries({ outputs: output, ...options }).map(([key, value]) => ` -F ${shell(`${key}=${value}`)}`);
  const file = name.replace(/["\\]/g, "\\$&"); // quoted: commas and semicolons mean something to curl
  return [
    `job=$(curl -s -H 'Prefer: wait=60' -F ${shell(`image=@"${file}"`)}${fields.join("")} ${shell(`${service}v1/jobs`)} \\`,
    "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])')",
    `curl -L -o ${shell(`result.${ending}`)} ${shell(`${service}v1/jobs/`)}$job/outputs/${output}`,
  ].join("\n");
}

/** The same in Python. */
export function pythonCall(service, name, output, options) {
  const given = Object.entries(options).map(([key, value]) => `, ${key}=${python(value)}`).join("");
  return [
    "from depthq import DepthClient",
    "",
    `with DepthClient(${python(service)}) as depthq:`,
    `    job = depthq.submit(${python(name)}, wait=60, outputs=${python(output)}${given})`,
    "    files = depthq.download(job, \"results\")",
  ].join("\n");
}
