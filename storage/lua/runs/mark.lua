-- ARGS: step, token, item's place in the shard. Records which item is processed next, alone, so that it
-- is known if it crashes the worker. Answers 1 if the caller holds the step.
if about(ARGS[1], 'holder') ~= ARGS[2] then return 0 end
redis.call('HSET', STEPS, ARGS[1] .. ':suspect', ARGS[3])
return 1
