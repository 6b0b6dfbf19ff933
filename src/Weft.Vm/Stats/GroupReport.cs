namespace Weft.Vm.Stats;

/// <summary>The VM's group.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">Where the name came from: "--group", "WEFT_GROUP", or the launcher of an MPI job.</param>
/// <param name="CopiesWithoutExit">process_vm_readv and process_vm_writev calls that were answered by a copy in the guest; those by an exit stand with the system calls.</param>
public sealed record GroupReport(string Name, string Source, long CopiesWithoutExit);
