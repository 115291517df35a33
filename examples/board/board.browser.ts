import test, { type ExecutionContext } from 'ava'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Servers, startServers } from './servers.ts'

const GRACE_MS = 3_000

/** A tab, and what went wrong in it. */
interface Tab {
  readonly page: Page
  readonly errors: string[]
}

/** Two server processes, and a browser whose tabs are nodes. */
class Stage {
  readonly servers: Servers
  readonly browser: Browser

  private constructor(servers: Servers, browser: Browser) {
    this.servers = servers
    this.browser = browser
  }

  static async start(t: ExecutionContext): Promise<Stage> {
    const { CHROMIUM } = process.env
    if (CHROMIUM === undefined) throw new Error('npm run test:browser looks for a browser, and says where it is')
    // Containers run as root, and have little shared memory.
    const args = ['--no-sandbox', '--disable-dev-shm-usage']
    const browser = await chromium.launch({ executablePath: CHROMIUM, args })
    t.teardown(() => browser.close())
    const servers = await startServers({ port: 0, graceMs: GRACE_MS })
    t.teardown(() => servers.stop())
    return new Stage(servers, browser)
  }

  async open(name: string, server: number): Promise<Tab> {
    const page = await this.browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`${this.servers.url}/?name=${name}&server=${server}`)
    // A tab whose server answers late, as on a busy machine, goes on through the other one.
    for (let again = 0; again < 2; again++) {
      const at = await page.locator('#server:not(:empty):not(:text-is("none"))').innerText({ timeout: 20_000 })
      if (at === 'ab'[server]) break
      await page.reload()
    }
    await shows(page, '#server', 'ab'[server]!)
    return { page, errors }
  }
}

async function write({ page }: Tab, text: string): Promise<void> {
  await page.fill('#text', text)
  await page.press('#text', 'Enter')
}

/** Waits until an element, or an item of a list, has that text and no more. */
async function shows(page: Page, selector: string, text: string): Promise<void> {
  const found = page.locator(`${selector}:text-is("${text}"), ${selector} li:text-is("${text}")`)
  await found.waitFor({ timeout: 20_000 }).catch(async () => {
    throw new Error(`${selector} does not show "${text}" within 20 s, the page shows:\n${await page.innerText('body')}`)
  })
}

test.serial(
  'two tabs on two servers share a board; when one server is killed its tab goes on through the other',
  async (t) => {
    const stage = await Stage.start(t)
    const ada = await stage.open('Ada', 0)
    const grace = await stage.open('Grace', 1)
    for (const { page } of [ada, grace]) await shows(page, '#guests', 'Ada, Grace')

    await write(ada, 'first')
    await write(grace, 'second')
    for (const { page } of [ada, grace]) {
      await shows(page, '#notes', 'Ada: first')
      await shows(page, '#notes', 'Grace: second')
      await shows(page, '#unsaved', '0')
    }

    await stage.servers.kill('a')
    await write(ada, 'third')
    await shows(ada.page, '#server', 'b')
    await shows(ada.page, '#unsaved', '0')
    for (const { page } of [ada, grace]) {
      await shows(page, '#notes', 'Ada: third')
      await shows(page, '#notes', 'Ada: first')
      await shows(page, '#guests', 'Ada, Grace')
    }
    t.deepEqual([ada.errors, grace.errors], [[], []])
  },
)

test.serial(
  'a tab that is closed says goodbye: the others hear of it before the grace; of one that crashed, after it',
  async (t) => {
    const stage = await Stage.start(t)
    const ada = await stage.open('Ada', 0)
    const grace = await stage.open('Grace', 1)
    const linus = await stage.open('Linus', 1)
    await shows(ada.page, '#guests', 'Ada, Grace, Linus')

    const closedMs = performance.now()
    await grace.page.close()
    await shows(ada.page, '#guests', 'Ada, Linus')
    const goodbyeMs = performance.now() - closedMs
    t.true(goodbyeMs < GRACE_MS, `${goodbyeMs} ms`)

    const session = await linus.page.context().newCDPSession(linus.page)
    const crashedMs = performance.now()
    // The page is gone before it could answer.
    void session.send('Page.crash').catch(() => {})
    await shows(ada.page, '#guests', 'Ada')
    const silenceMs = performance.now() - crashedMs
    t.true(silenceMs > GRACE_MS - 500, `${silenceMs} ms`)
    t.deepEqual(ada.errors, [])
  },
)
