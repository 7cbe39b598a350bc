import type { ServiceImpl } from '@connectrpc/connect';
import type { reflection, reflectionAlpha } from '@relais/contracts/edge';
import { errorCodes } from '@relais/kit';
import type { DescriptorIndex } from './descriptor-index.js';

type Request = reflection.ServerReflectionRequest;
// The same in both versions of the protocol.
type Answer =
  | { case: 'listServicesResponse'; value: { service: { name: string }[] } }
  | { case: 'fileDescriptorResponse'; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: 'allExtensionNumbersResponse'; value: { baseTypeName: string } }
  | { case: 'errorResponse'; value: { errorCode: number; errorMessage: string } };

/** grpc.reflection.v1.ServerReflection over what is served here. */
export function reflectionService(index: DescriptorIndex): ServiceImpl<typeof reflection.ServerReflection> {
  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) yield { ...envelope(request), messageResponse: answer(index, request) };
    },
  };
}

/** The same under its older name, which many clients still ask for first. */
export function reflectionAlphaService(index: DescriptorIndex): ServiceImpl<typeof reflectionAlpha.ServerReflection> {
  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        const { host, messageRequest } = request;
        const same = { host, messageRequest } as Pick<Request, 'host' | 'messageRequest'>;
        yield { validHost: host, originalRequest: request, messageResponse: answer(index, same) };
      }
    },
  };
}

function envelope(request: Request) {
  return { validHost: request.host, originalRequest: request };
}

function answer(index: DescriptorIndex, { messageRequest }: Pick<Request, 'messageRequest'>): Answer {
  switch (messageRequest.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: index.services.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index.filesByName(messageRequest.value), `file "${messageRequest.value}"`);
    case 'fileContainingSymbol':
      return files(index.filesBySymbol(messageRequest.value), `symbol "${messageRequest.value}"`);
    case 'fileContainingExtension':
      return missing(`extension ${messageRequest.value.extensionNumber} of "${messageRequest.value.containingType}"`);
    case 'allExtensionNumbersOfType':
      // Nothing served here is extended.
      if (!index.hasMessage(messageRequest.value)) return missing(`type "${messageRequest.value}"`);
      return { case: 'allExtensionNumbersResponse', value: { baseTypeName: messageRequest.value } };
    default:
      return failure(errorCodes.invalid_argument.grpcStatus, 'The request asks for nothing.');
  }
}

function files(fileDescriptorProto: Uint8Array[] | undefined, what: string): Answer {
  return fileDescriptorProto ? { case: 'fileDescriptorResponse', value: { fileDescriptorProto } } : missing(what);
}

function missing(what: string): Answer {
  return failure(errorCodes.not_found.grpcStatus, `There is no ${what} here.`);
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
