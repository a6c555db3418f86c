-- Prepended to every script. KEYS: the jobs' hashes, every index of the default model, the set of
-- the other models (whose indices' keys follow from it; one Redis server). ARGV: the channels of
-- changes, of endings and of endings with their record, the most bytes of such a record, the number
-- of jobs, their ids, then the script's own arguments (ARGS).
-- Times are Redis' own clock, so that a step of a worker's clock changes no lease.
local CHANGES, ENDINGS, RECORDS, MOST, COUNT = unpack(ARGV, 1, 5)
MOST, COUNT = tonumber(MOST), tonumber(COUNT)
local IDS = {unpack(ARGV, 6, 5 + COUNT)}
local JOB, ID = KEYS[1], IDS[1]
local ARGS = {unpack(ARGV, 6 + COUNT)}

local clock = redis.call('TIME')
local NOW = clock[1] + clock[2] / 1e6

local function text(number)
  return string.format('%.6f', number)
end

local INDICES, MODELS = {unpack(KEYS, COUNT + 1, #KEYS - 1)}, KEYS[#KEYS]

-- The key of an index: its name ends in "queued:<lane>" or "running:<lane>". `lane` is a lane, or
-- "<lane>:<model>" for another model than the default one.
local function index(kind, lane)
  local plain, model = string.match(lane, '^([^:]*)(.*)$')
  local ending = kind .. ':' .. plain
  for _, key in ipairs(INDICES) do
    if string.sub(key, -#ending) == ending then return key .. model end
  end
  return redis.error_reply('ERR no index ' .. ending)
end

local function get(job, field)
  return redis.call('HGET', job, field)
end

local function ended(state)
  return state ~= 'queued' and state ~= 'running'
end

-- Taking a job off the indices comes first in every script: Redis allows ZREM even when its
-- memory is full, and a script that has begun to write may go on, so that jobs can still end.
local function unlist(id, lane)
  redis.call('ZREM', index('queued', lane), id)
  redis.call('ZREM', index('running', lane), id)
end

-- For a job whose record is gone: its lane is unknown.
local function unlist_everywhere(id)
  for _, key in ipairs(INDICES) do redis.call('ZREM', key, id) end
  for _, model in ipairs(redis.call('SMEMBERS', MODELS)) do
    for _, key in ipairs(INDICES) do redis.call('ZREM', key .. ':' .. model, id) end
  end
end

-- What an ended record has beside its request, one a line, so that its listeners need not read it
-- (storage/jobs/endings.py). Nothing if the record is gone, or long: then it is read.
local function remains(job)
  local lines = redis.call('HMGET', job, 'state', 'attempt', 'version', 'started_at', 'result')
  lines[4] = lines[4] or ''
  for line = 1, 5 do
    if not lines[line] then return '' end
  end
  local said = '\n' .. table.concat(lines, '\n')
  return #said <= MOST and said or ''
end

-- Most listeners wait for the end, so other changes do not wake them. Those of an older version hear
-- the id alone; one that knows both channels listens to both, and one message is enough for it.
local function tell(job, id, state)
  redis.call('PUBLISH', CHANGES, id)
  if not ended(state) then return end
  redis.call('PUBLISH', RECORDS, id .. remains(job))
  local listening = redis.pcall('PUBSUB', 'NUMSUB', ENDINGS, RECORDS)
  if listening.err or listening[2] > listening[4] then redis.call('PUBLISH', ENDINGS, id) end
end

local function changed(job, id)
  redis.call('HINCRBY', job, 'version', 1)
  tell(job, id, get(job, 'state'))
end

-- Ends a job that is not computed (any more). The result is the JSON of a contract.jobs.JobResult.
local function close(state)
  unlist(ID, get(JOB, 'lane'))
  local result = string.format(
    '{"id":"%s","state":"%s","attempt":%s,"finished_at":%s}', ID, state, get(JOB, 'attempt'), text(NOW))
  redis.call('HSET', JOB, 'state', state, 'result', result)
  changed(JOB, ID)
end

