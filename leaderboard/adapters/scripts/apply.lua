-- Take records into one board-season's ranking, and say whether there is a top to record.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV topSize, fresh change id, life to start ('' if none may be started), its completeness,
--      seconds a rebuild may be silent, the records as take.lua (which stands before) has them
-- Returns whether a rebuild is due (claimed for the caller), records taken, and what read_top of
-- top.lua (which stands before, too) returns; nothing at all if there is no life.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
local size, fresh = tonumber(ARGV[1]), ARGV[2]
local starting, completeness, patience = ARGV[3], ARGV[4], tonumber(ARGV[5])

local known = redis.call('HMGET', state, 'life', 'complete', 'filledAt', 'held')
local life, complete, filled_at, held = known[1], known[2], known[3], known[4]
if life and is_lost(order, users, held) then
  redis.call('UNLINK', state)
  life, held = false, false
end
if not life then
  if starting == '' then
    return {}
  end
  redis.call('UNLINK', order, users) -- what is left of a life that was lost
end
local taken, moved = take(order, users, ARGV[6], size, false)
if not life then
  complete, filled_at = completeness, false
  redis.call('HSET', state, 'life', starting, 'complete', complete, 'change', '', 'recorded', '')
end
hold(order, users, state, held)
if moved then
  redis.call('HSET', state, 'change', fresh)
end

local due = 0
local now = tonumber(redis.call('TIME')[1])
if complete == '0' and (not filled_at or now - tonumber(filled_at) > patience) then
  redis.call('HSET', state, 'filledAt', now)
  due = 1
end
return {due, taken, read_top(order, state, size, false)}
