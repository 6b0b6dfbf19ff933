namespace Weft.Vm.Stats;

/// <summary>Times of a run, in nanoseconds.</summary>
/// <param name="CreateNs">Creating the VM: KVM, memory, kernel.</param>
/// <param name="LoadNs">Looking the program up and loading it.</param>
/// <param name="FirstInstructionNs">From the start of the VM's creation to just before the program's first instruction.</param>
/// <param name="RunNs">From the first instruction to the end.</param>
/// <param name="CpuNs">Processor time of the VM's process, guest and VMM.</param>
public sealed record RunTimes(long CreateNs, long LoadNs, long FirstInstructionNs, long RunNs, long CpuNs);
