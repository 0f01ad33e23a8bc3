-- Shared: applies states of scores that are newer than what is known to one board-season's ranking.
--
-- States come late, twice and in any order, from the stream and from a rebuild at the same time. So
-- each has a version, and only a higher version than the user's known one counts. A removed user
-- stays known by the version alone: a late state must not bring the user back. The sorted set holds
-- one member a user. When time or name changes the member changes, so the old member goes.
--
-- A script that fails does not roll back: so everything is computed before the first write, and ZADD
-- comes first, because it is the only command that can refuse a value. Lua prints numbers with 14
-- digits, so a score stays the text or number that came in; commands get all of its digits.
--
-- Needs member_of of member.lua.
-- Gives apply_states(members, users, states, size, again), which returns how many states were newer,
-- and whether the top of `size` changed. `states`, at most 1,000 and no two of one user, is one
-- MessagePack array: of each state the packed user id, the value for the hash `users` (member.lua)
-- and the signed score ('' of a removal). With `again`, a user who is known at this very version is
-- put in place again, whatever the sorted set had lost.
--
-- A shorter way for batches of which all is newer, and one for users who are all new, saved no fifth:
-- a state of 1,000 took 20.3 µs of processor with them and 20.4 without (server and client), and an
-- item of a rebuild 36.6 and 33.6 µs. Measured with `bench ranking` and `bench rebuild`, November 2026.
local function version_of(value)
  return (struct.unpack('>I7', value))
end

local function apply_states(members, users, states, size, again)
  local call = redis.call
  states = cmsgpack.unpack(states)
  local before = call('ZRANGE', members, 0, size - 1, 'WITHSCORES')
  local ids = {}
  for i = 1, #states, 3 do
    ids[#ids + 1] = states[i]
  end
  local remembered = #ids > 0 and call('HMGET', users, unpack(ids)) or {}

  local placed, p, noted, n, gone, g = {}, 0, {}, 0, {}, 0
  for i, id in ipairs(ids) do
    local value, score, old = states[3 * i - 1], states[3 * i], remembered[i]
    local member = score ~= '' and member_of(id, value)
    local is_newer = not old or version_of(value) > version_of(old)
    if is_newer then
      noted[n + 1], noted[n + 2], n = id, value, n + 2
      local left = old and #old > 7 and member_of(id, old)
      if left and left ~= member then
        g = g + 1
        gone[g] = left
      end
    end
    if member and (is_newer or (again and old == value)) then
      placed[p + 1], placed[p + 2], p = score, member, p + 2
    end
  end

  local function write(command, key, values)
    for start = 1, #values, 4000 do
      call(command, key, unpack(values, start, math.min(start + 3999, #values)))
    end
  end
  write('ZADD', members, placed) -- first, because it refuses what is no score
  write('ZREM', members, gone)
  write('HSET', users, noted)

  local after = call('ZRANGE', members, 0, size - 1, 'WITHSCORES')
  local moved = #before ~= #after
  for i = 1, #after do
    moved = moved or before[i] ~= after[i]
  end
  return n / 2, moved
end
