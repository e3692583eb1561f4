-- The account's execution log: what became of its executions. A stream, `<account ledger>:log`, in
-- the account ledger's slot of a cluster. An entry is a row, with one field, '':
--   1 byte outcome (0 not reported, 1 ok, 2 error, 3 timeout, 4 not started, 5 expired), 6 bytes
--   admitted at, 4 granted ms, 4 duration ms (for an expired one its grant, because that is what it
--   was charged), 7 memory in bytes + 1 (0: not reported), 1 length of its id, its id, its label
--   (holds.lua)
-- Only executions with a label are logged, and labels come only from a Stint that keeps a log.
-- log_rows, at the top of the script, is the maximum number of rows as text, or false.
--
-- Rows are written after the account ledger (account_store), by commands that may fail: a log that
-- cannot be written loses its rows and changes nothing else. Redis allots 4 KB to the first rows of
-- a new stream; a stream restored from its own dump takes only what they need. The log lives 90
-- days longer than the account ledger, counted from the last renewal.

-- Rows to write, and how many. held_again: ids that are held again, whose expired hold became a
-- row, or false.
local rows, row_count, held_again = {}, 0, false

local function log_row(outcome, id, admitted, granted, duration, memory, label)
  if not log_rows or label == '' then return end
  row_count = row_count + 1
  rows[row_count] = pack('<BI6I4I4I7Bc0c0', outcome, admitted, granted, duration, memory, #id, id, label)
end

-- Writes a row and returns the reply of Redis. If the row starts the log, the log lives for stay
-- ms.
local function log_write(log, row, stay)
  local written = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', log_rows, '*', '', row)
  if written or redis.pcall('PEXPIRE', log, stay) ~= 0 then return written end
  written = redis.pcall('XADD', log, '*', '', row)
  redis.pcall('PEXPIRE', log, stay)
  local dump = redis.pcall('DUMP', log)
  if type(dump) == 'string' then redis.pcall('RESTORE', log, stay, dump, 'REPLACE') end
  return written
end
