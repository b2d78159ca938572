// Model servers that refuse call after call, with the breaker and the number of attempts as they are by default. Each
// call must get its own answer in time; `asks` is how often the server may have been asked by all of them together.
import { status, streamHead } from './upstream_server.mjs';

const calls = 6; // one more than open a breaker
const attempts = 4; // of each call; the retry budget is enough for all of them
const httpDate = (days) => new Date(Date.now() + days * 86_400_000).toUTCString();

const row = (id, what, expect, refusal, more) => ({ id, what, expect: [expect].flat(), refusal, calls, fresh: true, ...more });
const says = (line, error, headers = []) => () => status(line, headers, JSON.stringify(error));
const says429 = (error, headers) => says('429 Too Many Requests', error, headers);
const openai = (message, code, type) => ({ error: { message, code, type } });
const anthropic = (type, message) => ({ type: 'error', error: { type, message } });
const gemini = (message, details) => ({ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message, details } });
const minute = openai('Rate limit reached on requests per min. Visit /account/billing to add a payment method.',
  'rate_limit_exceeded', 'requests');

/** A rate limit that is asked again at once, since no wait is told that could be read. */
const rate = (id, what, refusal, more) => row(id, what, 'rate_limited', refusal, { asks: calls * attempts, ...more });
/** One that is told to last longer than the call may: the gate answers the calls after the first. */
const closes = (id, what, header) => rate(id, what, () => says429(minute, [header()])(), { asks: 1 });
/** "Too many at once", said to calls that are. */
const crowd = (id, what, refusal, more) => rate(id, what, refusal, { together: true, ...more });
const money = (id, what, refusal, more) => row(id, what, 'exhausted', refusal, { asks: calls, ...more });

export const throttleRows = [
  rate('rate', 'says 429, too many a minute, with no word of when', says429(minute)),
  rate('rate_empty', 'says 429 and nothing else', () => 'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  rate('rate_word', 'says 429, Retry-After: soon', says429(minute, ['Retry-After: soon'])),
  rate('rate_negative', 'says 429, Retry-After: -5', says429(minute, ['Retry-After: -5'])),
  rate('rate_in_stream', 'says 200 and in the stream that it is too many',
    () => `${streamHead}data: ${JSON.stringify(minute)}\n\n`),
  rate('rate_anthropic', 'says it as Anthropic does', says429(anthropic('rate_limit_error',
    'This request would exceed your organization\'s rate limit of 50,000 input tokens per minute')), { plugin: 'anthropic' }),
  rate('rate_gemini', 'says it as Gemini does, with the wait in the body', says429(gemini(
    'You exceeded your current quota, please check your plan and billing details. Please retry in 12s.',
    [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '12s' }])), { plugin: 'gemini', asks: 1 }), // longer than the call may last, as below
  rate('rate_kimi', 'says it as Kimi does', says429(openai(
    'The engine is currently overloaded, please try again later', null, 'engine_overloaded_error')), { plugin: 'kimi' }),
  rate('rate_glm', 'says it as Z.AI does', says429(openai('High frequency usage of this API', '1303')), { plugin: 'glm' }),

  closes('rate_minute', 'says 429, Retry-After: 60', () => 'Retry-After: 60'),
  closes('rate_days', 'says 429, with a date in two days', () => `Retry-After: ${httpDate(2)}`),
  closes('rate_years', 'says 429, with a date in the year 9999', () => 'Retry-After: Fri, 31 Dec 9999 23:59:59 GMT'),
  closes('rate_absurd', 'says 429, Retry-After: 99999999999', () => 'Retry-After: 99999999999'),
  closes('rate_absurd_ms', 'says 429, retry-after-ms: 1e20 in digits', () => `retry-after-ms: 1${'0'.repeat(20)}`),

  crowd('crowd_anthropic', 'says 429, too many at once, as Anthropic does', says429(anthropic('rate_limit_error',
    'Number of concurrent connections has exceeded your rate limit')), { plugin: 'anthropic' }),
  crowd('crowd_kimi', 'says 429, too many at once, as Kimi does', says429(openai(
    'Your account reached max organization concurrency: 3, please try again after 1 seconds', null,
    'rate_limit_reached_error')), { plugin: 'kimi' }),
  crowd('crowd_glm', 'says 429, too many at once, as Z.AI does', says429(openai('High concurrency usage of this API', '1302')),
    { plugin: 'glm' }),

  money('quota', 'says 429, the quota is spent', says429(openai('You exceeded your current quota', 'insufficient_quota'))),
  money('quota_waits', 'says 429, the quota is spent, Retry-After: 1', says429(
    openai('You exceeded your current quota', null, 'insufficient_quota'), ['Retry-After: 1'])),
  money('quota_in_stream', 'says 200 and in the stream that the quota is spent',
    () => `${streamHead}data: ${JSON.stringify(openai('No more', 'insufficient_quota'))}\n\n`),
  money('quota_day', 'says 429, the day\'s quota is spent, as Gemini does',
    says429(gemini('Quota exceeded: GenerateRequestsPerDayPerProjectPerModel')), { plugin: 'gemini' }),
  money('quota_kimi', 'says 429, the account is suspended, as Kimi does', says429(openai(
    'Your account is suspended, please check your plan and billing details', null, 'exceeded_current_quota_error')), { plugin: 'kimi' }),
  money('quota_glm', 'says 429, the balance is spent, as Z.AI does', says429(
    openai('Insufficient balance or no resource package. Please recharge.', '1113')), { plugin: 'glm' }),
  money('quota_anthropic', 'says 400, the credit is spent, as Anthropic does', says('400 Bad Request', anthropic(
    'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.')), { plugin: 'anthropic' }),
  money('payment', 'says 402', says('402 Payment Required', openai('Insufficient Balance', 'invalid_request_error'))),

  // What is no throttling opens the breaker, in the second call, and then nobody is asked.
  row('storm_breaker', 'says 500 to everything', 'unavailable', says('500 Internal Server Error', {}), { asks: 5 }),
];
