-- KEYS: the set of datasets with work left. ARGV: prefix of their keys, window, grace_s. Leases the next
-- shards until `window` steps are out in all, each time of the dataset that has fewest out, so that datasets
-- share the workers; beyond the window only what makes up a dataset's share of it, so that steps that come
-- back again and again keep no other dataset out. Answers id and shard alternately. The keys of the datasets follow from the set (one
-- Redis server, as the broker needs it anyway).
local ACTIVE, PREFIX, WINDOW, GRACE = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local NOW = clock[1] + clock[2] / 1e6
local waiting, out, found, sharing = {}, 0, {}, 0

for place, id in ipairs(redis.call('ZRANGE', ACTIVE, 0, 999)) do
  local key = PREFIX .. id
  local r = redis.call('HMGET', key, 'state', 'gate', 'next', 'shards_total', 'served', 'planned')
  local held = redis.call('ZCARD', key .. ':leases')
  -- plans and summaries have threads of their own: many waiting ones must not delay another dataset's shards
  local leased = held
  for _, step in ipairs({'plan', 'finalize'}) do
    if redis.call('ZSCORE', key .. ':leases', step) then leased = leased - 1 end
  end
  out = out + leased
  if leased > 0 or r[1] == 'running' then sharing = sharing + 1 end
  local total, cursor = tonumber(r[4] or 0), tonumber(r[3] or 0)
  if r[1] == 'running' and cursor >= total and held == 0 then
    cursor = 0 -- a shard is behind the cursor (a ledger restored from an old backup): start over
  end
  if (r[1] == 'running' or r[1] == 'planning') and r[2] == '1' and cursor < total then
    waiting[#waiting + 1] = {id = id, key = key, leased = leased, cursor = cursor, total = total,
      served = tonumber(r[5] or 0)}
  end
end

local function before(a, b)
  if a.leased ~= b.leased then return a.leased < b.leased end
  return a.served < b.served
end

local function next_shard(d)
  while d.cursor < d.total do
    local n = d.cursor
    d.cursor = n + 1
    if redis.call('GETBIT', d.key .. ':done', n) == 0 and not redis.call('ZSCORE', d.key .. ':leases', n) then
      return n
    end
  end
end

local SHARE = math.max(1, math.floor(WINDOW / math.max(1, sharing)))

while #waiting > 0 do
  local best = 1
  for i = 2, #waiting do
    if before(waiting[i], waiting[best]) then best = i end
  end
  local d = waiting[best]
  if out >= WINDOW and (d.leased >= SHARE or out >= 4 * WINDOW) then break end
  local n = next_shard(d)
  redis.call('HSET', d.key, 'next', d.cursor)
  if n then
    redis.call('ZADD', d.key .. ':leases', string.format('%.6f', NOW + GRACE), n)
    d.leased, d.served, out = d.leased + 1, d.served + 1, out + 1
    redis.call('HSET', d.key, 'served', d.served)
    found[#found + 1] = d.id
    found[#found + 1] = n
  else
    table.remove(waiting, best)
  end
end
return found
