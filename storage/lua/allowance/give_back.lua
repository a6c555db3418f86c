-- KEYS: the caller's hash. A refused submission does not count for the day; it does for the minute.
local day = math.floor(redis.call('TIME')[1] / 86400)
local held = redis.call('HMGET', KEYS[1], 'day', 'used')
if tonumber(held[1]) == day and tonumber(held[2]) > 0 then
  redis.call('HINCRBY', KEYS[1], 'used', -1)
end
return 0
