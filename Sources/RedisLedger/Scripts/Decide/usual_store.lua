-- Usual path: writes the window and the fields that changed, then the row of the log. Equals the
-- rest of account_store.

if n > 0 then
  set[1], set[2] = name, pack('<dddddddddc0', clock, executions, ms, latest, new_executions, new_ms,
    old_latest, old_executions, old_ms, tail)
  call('HSET', key, unpack(set, 1, n))
end
if row then
  local log = key .. ':log'
  local written = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', log_rows, '*', '', row)
  if not written then
    if not log_write then answer_account, log_write = make_answer(clock, args, answers) end
    written = log_write(log, row, string.format('%d', LOG_LIFE_MS + lives_until - clock))
  end
  if not written or written.err then answers.lost = (answers.lost or 0) + 1 end
end
