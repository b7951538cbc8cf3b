/// <reference path="filterproxy-script.d.ts" />

// The same in TypeScript, with what the engine lacks: arrow functions, template literals, destructuring, for-of, classes.

interface Rule {
  name: string;
  matches(request: ScriptRequest): boolean;
}

class Percentage implements Rule {
  constructor(readonly name: string, private readonly percent: number) {}

  matches(request: ScriptRequest) {
    return hash(request.cookie("visitor") ?? request.clientIp, 100) < this.percent;
  }
}

const { betaUsers = [] as string[], canaryPercent = 0 } = config;

const rules: Rule[] = [
  { name: "beta", matches: ({ userName }) => userName !== undefined && betaUsers.indexOf(userName) >= 0 },
  new Percentage("canary", canaryPercent),
];

function route(request: ScriptRequest): ScriptRouting {
  for (const rule of rules) {
    if (rule.matches(request)) {
      return { cluster: rule.name, headers: { "x-rule": `${rule.name} for ${request.host}` } };
    }
  }
}
