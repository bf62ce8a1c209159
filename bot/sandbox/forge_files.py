"""Workflow files of the simulated forge: as npm needs them, and as they are met."""

GOOD = """\
name: Release
on:
  release:
    types: [published]
permissions:
  contents: read
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: ${{ vars.RELEASE_ENVIRONMENT }}
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      - run: npm ci
      - run: npm publish
"""

OLD = """\
name: Release
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 20
      - run: npm ci
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
"""
"""Published with a token: it asks for no id token, and its Node is too old."""

CALLED = """\
on:
  workflow_call:
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - run: npm publish
"""
"""Started by other workflows alone."""

CALLER = """\
name: Release
on:
  push:
    tags: ["v*"]
jobs:
  release:
    permissions:
      contents: read
      id-token: write
    uses: ./.github/workflows/publish.yml
    with:
      node: 24
"""
"""Calls `REUSABLE`, which lies beside it as `publish.yml`."""

REUSABLE = """\
name: Publish
on:
  workflow_call:
    inputs:
      node:
        type: string
        default: "22"
      environment:
        type: string
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: ${{ inputs.environment }}
    steps:
      - uses: actions/checkout@v5
      - uses: ./.github/actions/prepare
        with:
          node: ${{ inputs.node }}
      - run: npm publish
"""

PREPARE = """\
name: Prepare
inputs:
  node:
    required: true
runs:
  using: composite
  steps:
    - uses: actions/setup-node@v5
      with:
        node-version: ${{ inputs.node }}
    - run: npm ci
      shell: bash
"""
"""An action that is composed of steps: `.github/actions/prepare/action.yml`."""

GITLAB_GOOD = """\
publish:
  image: node:24
  environment: $RELEASE_ENVIRONMENT
  id_tokens:
    NPM_ID_TOKEN:
      aud: npm:registry.example.com
  script:
    - npm ci
    - npm publish
  rules:
    - if: $CI_COMMIT_TAG
"""

REUSING = {"release.yml": CALLER, "publish.yml": REUSABLE, ".github/actions/prepare/action.yml": PREPARE}

CAST = {
    "acme/ui": {"release.yml": GOOD, "ci.yml": GOOD},
    "acme/design": REUSING,
    "acme/legacy": {"release.yml": OLD},
}
"""What the sandbox's own repositories hold, where that is more than what is asked for."""
