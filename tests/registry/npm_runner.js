// Runs commands of npm's one after another in one process, with npm's own classes, as npm's lib/cli/entry.js runs one:
// to load npm takes longer than to run a command. node npm_runner.js PROGRAM, where PROGRAM is npm's bin/npm-cli.js;
// for each line {"words": [...], "terminal": false} it answers with a line {"failed": false, "told": "..."}.
'use strict'

const path = require('node:path')
const { createInterface } = require('node:readline')
const { Writable } = require('node:stream')

const program = process.argv[2]
const Npm = require(path.resolve(program, '../../lib/npm.js'))
const environment = { ...process.env }

async function run ({ words, terminal }) {
  // npm writes its settings into the environment, for what it starts; the next command must not find them there.
  for (const name of Object.keys(process.env)) {
    delete process.env[name]
  }
  Object.assign(process.env, environment)
  process.argv = [process.execPath, program, ...words]
  process.stdin.isTTY = process.stdout.isTTY = terminal

  let told = ''
  const listen = () => new Writable({
    write (chunk, _encoding, done) {
      told += chunk
      done()
    },
  })
  const npm = new Npm({ stdout: listen(), stderr: listen() })
  let failed = false
  try {
    const { command, args } = await npm.load()
    await npm.exec(command, args)
  } catch {
    failed = true
  }
  npm.unload()
  return { failed, told }
}

async function main () {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await run(JSON.parse(line))) + '\n')
  }
}

// npm keeps its connections open.
main().then(() => process.exit())
