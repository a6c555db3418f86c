-- ARGS: token, shards_total, items, dispatch (1: its shards may start already). Answers 1 if the caller plans.
if about('plan', 'holder') ~= ARGS[1] or not open('plan') then return 0 end
redis.call('HSET', RECORD, 'shards_total', ARGS[2], 'total', ARGS[3], 'gate', ARGS[4])
changed()
return 1
