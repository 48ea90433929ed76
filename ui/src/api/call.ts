import { host } from "@/host";
import { toApiError } from "./errors";
import type { Commands } from "./generated/commands";

export type CommandName = keyof Commands;
export type RequestOf<N extends CommandName> = Commands[N]["request"];
export type ResponseOf<N extends CommandName> = Commands[N]["response"];

/** Calls one command. Always rejects with an `ApiError`, except where the caller gave the answer up by `signal`. */
export async function call<N extends CommandName>(
  name: N,
  request: RequestOf<N>,
  signal?: AbortSignal,
): Promise<ResponseOf<N>> {
  try {
    return (await host.rpc(name, request, signal)) as ResponseOf<N>;
  } catch (fault) {
    if (signal?.aborted) throw fault;
    throw toApiError(fault);
  }
}
