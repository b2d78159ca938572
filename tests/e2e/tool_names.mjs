// The tools that each profile names, sorted as tools/list sorts them.
export const lean = ['analyze', 'chat', 'codereview', 'debug', 'listmodels', 'planner', 'refactor', 'status', 'testgen', 'thinkdeep', 'version'];

export const standard = [...lean, 'apilookup', 'challenge', 'consensus', 'docgen', 'precommit', 'secaudit', 'tracer'].sort();
