-- KEYS: the caller's hash. ARGV: submissions a minute, submissions a day; 0: no limit.
-- A bucket of a minute's worth that fills steadily, and a count that begins anew at midnight UTC.
-- Answers which limit refuses ('' none), seconds to wait, what is left of the minute and the day.
local rate, quota = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local day = math.floor(now / 86400)
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'day', 'used')

local tokens = rate
if held[1] then
  tokens = math.min(rate, held[1] + math.max(0, now - held[2]) * rate / 60)
end
local used = tonumber(held[3]) == day and tonumber(held[4]) or 0

if quota > 0 and used >= quota then
  return {'day', math.ceil((day + 1) * 86400 - now), math.floor(tokens), 0}
end
if rate > 0 and tokens < 1 then
  return {'minute', math.ceil((1 - tokens) * 60 / rate), 0, quota - used}
end
redis.call('HSET', KEYS[1], 'tokens', tokens - 1, 'at', string.format('%.6f', now), 'day', day, 'used', used + 1)
redis.call('EXPIRE', KEYS[1], 2 * 86400)
return {'', 0, math.floor(tokens - 1), quota - used - 1}
