-- Read what was kept of the boards that send frames now.
--
-- KEYS paces (hash: board, body), until (sorted set: board, the ms until which it counts as active)
-- ARGV how many boards at most
-- Returns a flat list of board and body.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local boards = redis.call('ZRANGEBYSCORE', KEYS[2], now, '+inf', 'LIMIT', 0, ARGV[1])
if #boards == 0 then
  return {}
end
local bodies = redis.call('HMGET', KEYS[1], unpack(boards))
local found = {}
for at, board in ipairs(boards) do
  found[2 * at - 1], found[2 * at] = board, bodies[at] or ''
end
return found
