// Faults of a plugin inside a turn. `how` is the name in tests/faults/plugins; `limit` names what must end the call.

const hung = (id, what) => ({ id, how: id, what, expect: ['hung'], limit: 'turn' });
const crashed = (id, what, more) => ({ id, how: id, what, expect: ['crashed'], notices: true, ...more });
const protocol = (id, what, more) => ({ id, how: id, what, expect: ['protocol'], notices: true, ...more });
/** Answered, and nothing of what it tried worked. */
const harmless = (id, what, more) => ({ id, how: id, what, expect: ['ok'], worked: 0, ...more });
const answered = (id, what, expect, more) => ({ id, how: id, what, expect: [expect].flat(), ...more });

const skip = (id, what, why) => ({ id, what, expect: [], skip: why });

const noLimit = { sanitized: { skip: 'a sanitizer needs address space without limit' } };

export const turnRows = [
  hung('spin', 'spins'),
  hung('spin_deaf', 'spins with every signal blocked and ignored'),
  hung('pause', 'waits for a signal for ever'),
  hung('deadlock', 'locks a mutex twice'),
  hung('stop_itself', 'stops itself with SIGSTOP'),
  hung('spin_on_threads', 'spins on 17 threads'),
  hung('outlive', 'clears its parent-death signal, renices itself, spins'),
  hung('answer_late', 'answers after the limit'),
  { ...hung('fault_for_ever', 'handles SIGSEGV by faulting again'), sanitized: { expect: ['hung', 'crashed'] } },
  hung('hang_at_exit', 'calls exit, and spins in an atexit handler'),
  { ...hung('hang_in_destructor', 'calls exit, and spins in a destructor'), sanitized: { expect: ['hung', 'crashed'] } },
  hung('hang_in_thread_destructor', 'joins a thread whose destructor spins'),
  hung('end_its_thread', 'ends its main thread and spins on another'),
  hung('drip', 'emits one byte every 10 ms without end'),
  hung('never_stop', 'emits without end, past every refusal'),
  hung('flood_effects', 'starts effects without end'),
  hung('hang_after_effect', 'spins after its first effect'),
  { ...hung('leak', 'takes memory up to its limit, then spins'), ...noLimit },
  { ...hung('leak_past_limit', 'raises its limit first, then the same'), ...noLimit },
  hung('open_everything', 'takes every descriptor, then spins'),
  { ...hung('start_threads', 'starts threads up to its limit, then spins'), ...noLimit },

  crashed('null', 'writes to address 0'),
  crashed('abort', 'aborts'),
  crashed('exit', 'calls exit(0)'),
  crashed('exit_at_once', 'calls _exit(3)'),
  crashed('kill_itself', 'sends itself SIGKILL'),
  crashed('close_everything', 'closes all descriptors, then spins'),
  crashed('divide', 'dies of SIGFPE'),
  crashed('trap', 'dies of SIGILL'),
  crashed('ignore_faults', 'ignores SIGSEGV and faults'),
  crashed('overflow_stack', 'recurses without end', { noticedMax: 50 }),
  crashed('corrupt_heap', 'writes past its heap blocks and frees them'),
  crashed('overwrite_code', 'makes code writable and writes over it', { expect: ['crashed', 'ok'] }),
  crashed('run_data', 'runs nonsense in memory that is writable and executable', { expect: ['crashed', 'ok'] }),
  crashed('terminate', 'calls std::terminate'),
  crashed('throw', 'throws a C++ exception across the C ABI', { expect: ['crashed', 'internal'] }),
  crashed('claim_past_memory', 'gives a length that leads past its memory'),
  harmless('crash_after_reply', 'answers, and aborts 20 ms later on a thread', { lingers: true }),

  protocol('send_garbage', 'writes 5000 bytes of garbage to the socket, then spins'),
  protocol('send_half', 'sends half a frame header, then spins'),
  protocol('send_too_little', 'sends less than its frame claims, then spins'),
  protocol('claim_gigabyte', 'sends a frame that claims 1 GiB'),
  harmless('reply_twice', 'answers its turn twice'),
  protocol('reply_for_another', 'answers a turn that nobody asked for'),
  protocol('reply_for_zero', 'answers turn 0'),
  protocol('reply_for_before', 'answers the turn before its own once more'),
  protocol('answer_host_code', 'answers with a code that only the host may use'),
  protocol('count_too_many', 'claims four billion parts'),
  protocol('say_ready_again', 'says that it is ready, in the middle of a turn'),
  protocol('say_load_failed', 'says that it cannot be loaded, in the middle of a turn'),
  crashed('send_empty_packets', 'sends packets without content', { expect: ['crashed', 'protocol'] }),
  protocol('send_descriptors', 'sends 253 descriptors'),
  protocol('send_unsealed', 'sends a payload file that it can still change'),
  protocol('send_device', 'sends a pipe where a payload file belongs'),
  harmless('change_sealed', 'tries to change a payload file after it was sent'),
  harmless('litter_after_reply', 'answers, and writes garbage 20 ms later on a thread', { lingers: true }),

  // The first shows that the server which the others must not reach can be reached by such a frame.
  answered('effect_by_hand', 'starts an effect with a frame of its own, then ends itself', 'nondeterministic', { asks: 1 }),
  harmless('effect_unwaited', 'answers, and starts an effect that it does not wait for', { asks: 0 }),
  harmless('effect_with_reply', 'sends an answer whose frame starts an effect too', { asks: 0 }),
  harmless('effect_after_reply', 'answers, and starts an effect with the next frame', { asks: 0 }),
  harmless('effect_long_after_reply', 'answers, and starts an effect 20 ms later on a thread', { asks: 0, lingers: true }),

  harmless('fork', 'forks a hundred times'),
  harmless('vfork', 'waits in the kernel for a child that never ends'),
  harmless('execute', 'executes a program'),
  harmless('kill_others', 'kills its parent and everybody'),
  harmless('open_devices', 'reads /dev/zero without end'),
  harmless('open_fifo', 'opens a FIFO that nobody writes to', { fifo: true }),
  harmless('connect', 'makes sockets'),
  harmless('use_stale_handles', 'uses handles of earlier calls and made-up ones'),
  harmless('use_handle_on_thread', 'uses its call from another thread'),

  answered('claim_too_much', 'gives a length of 1 TiB', 'exhausted'),
  answered('flood', 'emits until it is refused', 'exhausted'),
  answered('reply_nothing', 'answers no part', 'output_invalid'),
  answered('reply_broken_text', 'answers invalid UTF-8', 'output_invalid'),
  answered('reply_half_json', 'answers half a JSON object', 'output_invalid'),
  answered('reply_deep_json', 'answers 10,000 nested lists', 'output_invalid'),
  answered('unknown_status', 'returns a status that does not exist', 'internal'),
  harmless('write_to_stdout', 'writes 16 MiB to its standard output'),
  harmless('log_without_end', 'logs 20,000 long lines'),
  harmless('flood_then_wait', 'starts 10,000 effects and waits for the first'),
  answered('wait_without_end', 'asks for one effect after the other', 'exhausted'),
  answered('sleep_past_deadline', 'sleeps for an hour', 'deadline', { limit: 'ceiling' }),
  answered('change_its_mind', 'asks for something else in each turn', ['nondeterministic', 'ok']),
  answered('suspend_for_nothing', 'suspends without waiting for anything', 'internal'),

  skip('unload', 'crashes while it is unloaded', 'plugins are never unloaded; see hang_in_destructor for their ends'),
  skip('call_itself', 'calls its own tool, ten levels deep', 'there is no effect that calls a tool'),
  skip('uninterruptible', 'waits in the kernel where no signal reaches it',
    'it takes a hanging file system or driver, of which the sandbox opens none; see vfork for what SIGKILL still ends'),
];
