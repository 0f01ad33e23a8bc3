-- Take records into one board-season's ranking, and say whether there is a top to record.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV the board's order, topSize, fresh change id, life to start ('' if none may be started), its completeness,
--      seconds a rebuild may be silent, the records as take.lua (which stands before) has them,
--      the ms after the last record at which a total that changed is to be recorded
-- Returns, of a ranking that is kept in another order, that order; else whether a rebuild is due (claimed for the caller), records taken, and what read_top of
-- top.lua (which stands before, too) returns; nothing at all if there is no life.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
local asked, size, fresh = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local starting, completeness, patience = ARGV[4], ARGV[5], tonumber(ARGV[6])

local known = redis.call(
  'HMGET', state, 'life', 'complete', 'filledAt', 'held', 'change', 'recorded', 'recordedAt', 'total',
  'order')
local life, complete, filled_at, held = known[1], known[2], known[3], known[4]
local change, recorded, recorded_at, total, made = known[5], known[6], known[7], known[8], known[9]
if life and is_lost(order, users, held) then
  redis.call('UNLINK', state)
  life, held, recorded_at = false, false, false
end
if life and made and made ~= asked then
  if complete ~= 'new' or redis.call('EXISTS', order) == 1 then
    return made
  end
  redis.call('UNLINK', state) -- nobody is in it: the rules of today begin another
  life, held, recorded_at = false, false, false
end
if not life then
  if starting == '' then
    return {}
  end
  redis.call('UNLINK', order, users) -- what is left of a life that was lost
end
local taken, moved = take(order, users, ARGV[7], size, false)
if not life then
  complete, filled_at = completeness, false
  redis.call('HSET', state, 'life', starting, 'complete', complete, 'change', '', 'recorded', '',
    'order', asked)
end
hold(order, users, state, held)
local time = redis.call('TIME')
local now = tonumber(time[1])

-- Below the top everybody may come and go without a record. So the total gets one of its own, where
-- nothing else is left to record and the last record is old enough.
local function is_total_due()
  return recorded_at and change == recorded
    and now * 1000 + math.floor(time[2] / 1000) - recorded_at >= tonumber(ARGV[8])
    and redis.call('ZCARD', order) ~= tonumber(total or -1)
end
if moved or is_total_due() then
  redis.call('HSET', state, 'change', fresh)
end

local due = 0
if complete == '0' and (not filled_at or now - tonumber(filled_at) > patience) then
  redis.call('HSET', state, 'filledAt', now)
  due = 1
end
return {due, taken, read_top(order, state, size, false)}
