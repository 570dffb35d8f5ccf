export { createGatewayProvider, gateway, type GatewayProvider } from './ai-sdk/provider.ts'
