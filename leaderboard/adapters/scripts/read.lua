-- Read the top of one board-season's ranking.
--
-- KEYS order (sorted set), state (hash)
-- ARGV how many of the top; 1 to read them even if nothing is left to record, else 0
-- Returns what read_top of top.lua (which stands before this script) returns.
return read_top(KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2] == '1')
