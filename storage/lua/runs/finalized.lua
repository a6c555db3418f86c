-- ARGS: token, succeeded, skipped, failed, then code and count. The summary is written: its counts replace the ledger's.
-- Answers 1 if the caller finalizes.
if about('finalize', 'holder') ~= ARGS[1] or not open('finalize') then return 0 end
if get('state') == 'finalizing' then
  redis.call('HSET', RECORD, 'state', 'completed', 'finished_at', text(NOW))
end
for _, field in ipairs(redis.call('HKEYS', RECORD)) do
  if string.sub(field, 1, 5) == 'code:' then redis.call('HDEL', RECORD, field) end
end
redis.call('HSET', RECORD, 'succeeded', ARGS[2], 'skipped', ARGS[3], 'failed', ARGS[4], 'in_flight', 0, 'summarized', 1)
for i = 5, #ARGS, 2 do redis.call('HSET', RECORD, 'code:' .. ARGS[i], ARGS[i + 1]) end
redis.call('DEL', LEASES, STEPS, RATE)
redis.call('ZREM', ACTIVE, ID)
changed()
return 1
