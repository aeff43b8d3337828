interface CommandTraits {
  /** What it is called by in a shell; its flags stand behind `--`. */
  shell: string;
  /** It must have the address of a server. */
  needsServer: boolean;
  /** It serves a run and starts its workers too. */
  startsWorkers: boolean;
  /** It is a part of another server, whose secret it must have. */
  isShard: boolean;
  /** At the head of its help. */
  about: string;
  /** What stands behind the command, and what that does. */
  examples: readonly { flags: string; does: string }[];
}

/** The commands, by the word behind `npm run`; `start` is `npm start`. */
export const COMMANDS = {
  start: {
    shell: 'npm start',
    needsServer: false,
    startsWorkers: false,
    isShard: false,
    about:
      'Serves a run: prints the addresses to join it and to watch it, and trains with the devices that join.',
    examples: [
      { flags: '--target 0.99', does: 'Train the default model until it reaches 99%.' },
      { flags: '--https --join secret', does: 'Let phones of the network join, with a credential.' },
      { flags: '--new', does: 'Begin another run instead of going on with the newest.' },
    ],
  },
  demo: {
    shell: 'npm run demo',
    needsServer: false,
    startsWorkers: true,
    isShard: false,
    about: 'Serves a run on this machine, opens headless tabs that train it, and ends.',
    examples: [
      { flags: '--model ray-convnet --tabs 4', does: 'Train another model of the zoo in four tabs.' },
      {
        flags: '--tabs 0 --node-workers 2 --json',
        does: 'Train without a browser; print the summary as JSON.',
      },
      { flags: '--repeatable --seed 7', does: 'Get the same model each time.' },
    ],
  },
  swarm: {
    shell: 'npm run swarm',
    needsServer: true,
    startsWorkers: false,
    isShard: false,
    about: 'Opens headless tabs that join the run of a server.',
    examples: [{ flags: '--url http://localhost:8080/ --tabs 8', does: 'Join a server with eight tabs.' }],
  },
  worker: {
    shell: 'npm run worker',
    needsServer: true,
    startsWorkers: false,
    isShard: false,
    about: 'Starts workers without a browser that join the run of a server.',
    examples: [
      { flags: '--url http://localhost:8080/ --workers 2', does: 'Join a server with two workers.' },
    ],
  },
  shard: {
    shell: 'npm run shard',
    needsServer: false,
    startsWorkers: false,
    isShard: true,
    about: 'Runs one parameter-server shard as a process of its own.',
    examples: [{ flags: '--port 9001 --shard-secret secret', does: 'Wait for a server on port 9001.' }],
  },
  control: {
    shell: 'npm run control',
    needsServer: true,
    startsWorkers: false,
    isShard: false,
    about: 'Asks an action of the run of a server, as the buttons of the console do.',
    examples: [
      { flags: 'save --url http://localhost:8080/admin/#token=secret', does: 'Save the model as it is now.' },
      { flags: 'pause --url http://localhost:8080/admin/#token=secret', does: 'Grant no more work.' },
      {
        flags: 'configure --set lr=0.02,max-commits=500 --url http://localhost:8080/admin/#token=secret',
        does: 'Change settings while the run goes on.',
      },
      {
        flags: 'bar 0123456789ab --url http://localhost:8080/admin/#token=secret',
        does: 'Bar a device; pardon takes that back.',
      },
    ],
  },
  token: {
    shell: 'npm run token',
    needsServer: false,
    startsWorkers: false,
    isShard: false,
    about:
      "Makes another admin's token in the data folder of a server that does not run, and ends all sessions.",
    examples: [{ flags: '--data-dir ./data', does: 'Print a new token of the server with this folder.' }],
  },
} as const satisfies Record<string, CommandTraits>;

export type Command = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as Command[];
