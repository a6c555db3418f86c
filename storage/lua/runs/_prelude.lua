-- Prepended to every script. KEYS: a dataset's record, leases, steps, done, rate, then the set of
-- datasets with work left. ARGV: the channel of changes, the dataset's id, then the script's own
-- arguments (ARGS). A step is "plan", "finalize" or a shard's number. Times are Redis' own clock.
local RECORD, LEASES, STEPS, DONE, RATE, ACTIVE = unpack(KEYS)
local CHANNEL, ID = ARGV[1], ARGV[2]
local ARGS = {unpack(ARGV, 3)}

local clock = redis.call('TIME')
local NOW = clock[1] + clock[2] / 1e6

local function text(number)
  return string.format('%.6f', number)
end

local function get(field)
  return redis.call('HGET', RECORD, field)
end

local function number(field)
  return tonumber(get(field) or 0)
end

local function changed()
  redis.call('HINCRBY', RECORD, 'version', 1)
  redis.call('PUBLISH', CHANNEL, ID)
end

local function about(step, field)
  return redis.call('HGET', STEPS, step .. ':' .. field)
end

local function lease(step, seconds)
  redis.call('ZADD', LEASES, text(NOW + seconds), step)
end

-- What a running shard had reported stops counting: it ended, or will run again from its start.
local function unreport(step)
  local reported = tonumber(about(step, 'items') or 0)
  if reported > 0 then redis.call('HINCRBY', RECORD, 'in_flight', -reported) end
  redis.call('HDEL', STEPS, step .. ':items')
  return reported
end

local function let_go(step)
  unreport(step)
  redis.call('HDEL', STEPS, step .. ':holder', step .. ':worker', step .. ':suspect')
end

-- The holder died or froze. The item it was at, if it said so, is remembered.
local function crash(step)
  local suspect = about(step, 'suspect')
  if suspect then
    redis.call('HSET', STEPS, step .. ':died', (about(step, 'died') or '') .. suspect .. ',')
  end
  let_go(step)
  redis.call('HINCRBY', STEPS, step .. ':crashes', 1)
end

local function forget(step)
  let_go(step)
  redis.call('HDEL', STEPS, step .. ':crashes', step .. ':died')
  redis.call('ZREM', LEASES, step)
end

-- Counts items into the present five seconds, and drops what is older than a minute.
local function advance(items)
  if items <= 0 then return end
  local slot = math.floor(NOW / 5)
  redis.call('HINCRBY', RATE, slot, items)
  redis.call('EXPIRE', RATE, 90)
  local slots = redis.call('HKEYS', RATE)
  if #slots <= 14 then return end
  for _, old in ipairs(slots) do
    if tonumber(old) < slot - 13 then redis.call('HDEL', RATE, old) end
  end
end

local function is_done(step)
  return redis.call('GETBIT', DONE, step) == 1
end

-- Whether the step can be claimed.
local function open(step)
  local state = get('state')
  local planned = get('planned') == '1'
  if step == 'plan' then return (state == 'queued' or state == 'planning') and not planned end
  if step == 'finalize' then
    return state == 'finalizing' or (state == 'canceled' and get('summarized') ~= '1')
  end
  if state ~= 'planning' and state ~= 'running' then return false end
  return tonumber(step) < number('shards_total') and not is_done(step)
end

-- After the last shard the finalizer is due.
local function finalize_if_complete(grace_s)
  local state = get('state')
  if state == 'running' and get('planned') == '1' and number('shards_done') >= number('shards_total') then
    redis.call('HSET', RECORD, 'state', 'finalizing')
  elseif not (state == 'canceled' and get('summarized') ~= '1' and redis.call('ZCARD', LEASES) == 0) then
    return 'more'
  end
  lease('finalize', grace_s)
  return 'finalize'
end

