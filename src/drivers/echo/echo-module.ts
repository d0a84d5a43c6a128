import type { DriverModule } from '../../driver/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { createEchoDriver, ECHO_CAPABILITIES } from './echo-driver.ts'

export const echoModule: DriverModule = {
  name: 'echo',
  capabilities: () => ECHO_CAPABILITIES,
  create({ servers }) {
    const [server] = servers
    if (server === undefined) throw new AppError('CONFIG', 'expected the address of an echo server, got none')
    return createEchoDriver(server)
  },
}
