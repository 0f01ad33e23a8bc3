-- Keep a copy of the recorded top, unless a newer one is kept: functions may come in any order.
--
-- KEYS kept top (string: revision, a space, the body)
-- ARGV revision; body; seconds to keep it
-- Returns 1 if the copy is kept now.
local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^%d+')) > tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'EX', ARGV[3])
return 1
