-- ARGS: nonce, lane (see index), created_at, expires_at, place of the input (none: empty), its bytes, how long
-- they are kept there (s), the job's queue and its message for it (none: both empty), then the hash's fields and values. Answers 1 if created,
-- -1 if it would be over at once, by Redis' clock: such a record would vanish while it is written.
if redis.call('EXISTS', JOB) == 1 then
  -- The same call sent twice, because the first reply was lost, is not a second creation.
  return get(JOB, 'created_by') == ARGS[1] and 1 or 0
end
if tonumber(ARGS[4]) <= NOW then return -1 end
local fields = {unpack(ARGS, 10)}
redis.call('HSET', JOB, 'created_by', ARGS[1], 'lane', ARGS[2], 'crashes', 0, unpack(fields))
redis.call('EXPIREAT', JOB, math.ceil(tonumber(ARGS[4])))
local model = string.match(ARGS[2], ':(.+)$')
if model then redis.call('SADD', MODELS, model) end
local state = get(JOB, 'state')
-- A caller's clock that runs ahead must not hide the job from queries for old jobs.
local accepted = text(math.min(NOW, tonumber(ARGS[3])))
redis.call('HSET', JOB, 'accepted_at', accepted)
if state == 'queued' then
  redis.call('ZADD', index('queued', ARGS[2]), accepted, ID)
elseif state == 'running' then
  redis.call('ZADD', index('running', ARGS[2]), text(NOW), ID)
end
tell(JOB, ID, state)
-- A copy of the input for the worker, in memory only: neither in the append-only file nor at replicas. In a
-- place that is taken the bytes stay: their job comes first.
if ARGS[5] ~= '' and redis.set_repl then
  redis.set_repl(redis.REPL_NONE)
  redis.call('SET', ARGS[5], ID .. ARGS[6], 'NX', 'EX', ARGS[7])
  redis.set_repl(redis.REPL_ALL)
end
-- Last, so that it refers to a record. A queue that refuses it is no failure: the reconciler sends it again.
if ARGS[8] ~= '' then redis.pcall('LPUSH', ARGS[8], ARGS[9]) end
return 1
