-- ARGS: step, token, worker, lease_s. Answers {outcome, crashes, items it died at, the record}. Crashes
-- are counted before any byte is touched.
local step, token = ARGS[1], ARGS[2]
if not get('state') then return {'unknown', 0, '', {}} end
if not open(step) then
  redis.call('ZREM', LEASES, step)
  return {'ended', 0, '', {}}
end
local holder = about(step, 'holder')
-- After a lost reply the same token asks again.
if holder and holder ~= token then
  if tonumber(redis.call('ZSCORE', LEASES, step) or 0) > NOW then return {'leased', 0, '', {}} end
  crash(step)
end
if step == 'finalize' and get('state') == 'canceled' then
  -- Running shards store their results first.
  local live = redis.call('ZRANGEBYSCORE', LEASES, '(' .. text(NOW), '+inf')
  for _, other in ipairs(live) do
    if other ~= 'finalize' then return {'leased', 0, '', {}} end
  end
end
redis.call('HSET', STEPS, step .. ':holder', token, step .. ':worker', ARGS[3])
lease(step, tonumber(ARGS[4]))
if step == 'plan' and get('state') == 'queued' then
  redis.call('HSET', RECORD, 'state', 'planning', 'started_at', text(NOW))
  changed()
end
return {'taken', tonumber(about(step, 'crashes') or 0), about(step, 'died') or '', redis.call('HGETALL', RECORD)}
