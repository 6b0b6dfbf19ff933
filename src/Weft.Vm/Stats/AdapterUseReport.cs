namespace Weft.Vm.Stats;

/// <summary>What the program did with its adapter.</summary>
/// <param name="DoorbellExits">Stores to the doorbell page that cost an exit, those that KVM itself answers by an event included.</param>
/// <param name="Requests">Send requests carried out, RDMA and atomics among them.</param>
/// <param name="Bytes">Payload bytes moved for them.</param>
/// <param name="Completions">Completions, of sends and receives.</param>
/// <param name="Errors">Those with an error among them.</param>
/// <param name="Retries">Attempts beyond the first.</param>
public sealed record AdapterUseReport(long DoorbellExits, long Requests, long Bytes, long Completions, long Errors, long Retries);
