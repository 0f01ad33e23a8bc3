-- Keep how often some boards send frames and to how many, and forget what is two hours old.
--
-- KEYS paces (hash: board, body), until (sorted set: board, the ms until which it counts as active)
-- ARGV for each board: its name; the body; for how many ms it counts as active
-- Returns how many were forgotten.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 1, #ARGV, 3 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[at + 2]), ARGV[at])
end
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - 7200000, 'LIMIT', 0, 100)
if #old > 0 then
  redis.call('HDEL', KEYS[1], unpack(old))
  redis.call('ZREM', KEYS[2], unpack(old))
end
return #old
