-- ARGS: token, error. Ends a dataset that cannot be planned. Answers 1 if the caller plans.
if about('plan', 'holder') ~= ARGS[1] or not open('plan') then return 0 end
redis.call('HSET', RECORD, 'state', 'failed', 'error', ARGS[2], 'finished_at', text(NOW))
redis.call('DEL', LEASES, STEPS)
redis.call('ZREM', ACTIVE, ID)
changed()
return 1
