-- ARGS: nonce, worker, lease_s, place of the input (none: empty). Answers {outcome, crashes, the hash, the
-- input's bytes, empty if they are not at hand}. The attempt rises here, before
-- any byte is touched, so that an image that kills its worker is counted.
local state = get(JOB, 'state')
if not state then
  -- The record ran out of time, or was wiped; its place in the indices must not outlive it.
  unlist_everywhere(ID)
  return {'unknown', 0, {}}
end
if ended(state) then return {'ended', tonumber(get(JOB, 'crashes')), redis.call('HGETALL', JOB)} end
local running = index('running', get(JOB, 'lane'))
if state == 'running' then
  local lease = tonumber(redis.call('ZSCORE', running, ID) or 0)
  if lease > NOW then
    -- The same call sent twice, because the first reply was lost, has taken the job already.
    local outcome = get(JOB, 'claimed_by') == ARGS[1] and 'taken' or 'leased'
    return {outcome, tonumber(get(JOB, 'crashes')), redis.call('HGETALL', JOB)}
  end
  redis.call('HINCRBY', JOB, 'crashes', 1)
end
redis.call('HSET', JOB, 'state', 'running', 'claimed_by', ARGS[1], 'worker', ARGS[2], 'started_at', text(NOW))
redis.call('HINCRBY', JOB, 'attempt', 1)
redis.call('ZREM', index('queued', get(JOB, 'lane')), ID)
redis.call('ZADD', running, text(NOW + tonumber(ARGS[3])), ID)
changed(JOB, ID)
local input, place = '', ARGS[4]
if place ~= '' and redis.call('GETRANGE', place, 0, #ID - 1) == ID then
  input = redis.call('GETRANGE', place, #ID, -1)
  redis.call('DEL', place)
end
return {'taken', tonumber(get(JOB, 'crashes')), redis.call('HGETALL', JOB), input}
