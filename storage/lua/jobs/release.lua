-- ARGS: attempt, counted (1 or 0), nonce. Returns a job to the queue: the only step backward, allowed
-- only to the attempt that holds it. Answers 1 if it did.
-- The same call sent twice must not take the job from the next attempt, which may bear this number.
if get(JOB, 'released_by') == ARGS[3] then return 1 end
if get(JOB, 'state') ~= 'running' or get(JOB, 'attempt') ~= ARGS[1] then return 0 end
local lane = get(JOB, 'lane')
redis.call('ZREM', index('running', lane), ID)
redis.call('HSET', JOB, 'state', 'queued', 'released_by', ARGS[3])
if ARGS[2] == '0' then redis.call('HINCRBY', JOB, 'attempt', -1) end
redis.call('ZADD', index('queued', lane), get(JOB, 'accepted_at'), ID)
changed(JOB, ID)
return 1
