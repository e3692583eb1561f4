-- The account's log: what became of its executions. A stream of its own, `<account ledger>:log`, in
-- the account ledger's slot of a cluster; an entry is a row, with one field, '':
--   1 byte outcome (0 not said, 1 ok, 2 error, 3 timeout, 4 not started, 5 expired), 6 bytes
--   admitted at, 4 granted ms, 4 duration ms (of an expired one its grant: that is what it was
--   charged), 7 memory in bytes + 1 (0: not said), 1 length of its id, its id, its label
--   (holds.lua)
-- Only executions with a label are logged, and labels come only from a Stint that keeps a log
-- (log_rows, in front of all files: how many rows at most as text, or false).
--
-- Rows are written after the account ledger (account_store) by commands that may fail, so a log
-- that cannot be written costs its rows and nothing else. Redis gives a new stream 4 KB for its
-- first rows; restored from its own dump it takes what they need. The log lives 90 days longer than
-- the account ledger was to live when it was renewed last.

-- Rows to write, and how many; ids whose expired hold became a row because they are held again, or
-- false.
local rows, row_count, held_again = {}, 0, false

local function log_row(outcome, id, admitted, granted, duration, memory, label)
  if not log_rows or label == '' then return end
  row_count = row_count + 1
  rows[row_count] = pack('<BI6I4I4I7Bc0c0', outcome, admitted, granted, duration, memory, #id, id, label)
end

-- Writes a row; a log that begins with it lives for stay ms. Returns what Redis says to it.
local function log_write(log, row, stay)
  local written = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', log_rows, '*', '', row)
  if written or redis.pcall('PEXPIRE', log, stay) ~= 0 then return written end
  written = redis.pcall('XADD', log, '*', '', row)
  redis.pcall('PEXPIRE', log, stay)
  local dump = redis.pcall('DUMP', log)
  if type(dump) == 'string' then redis.pcall('RESTORE', log, stay, dump, 'REPLACE') end
  return written
end
