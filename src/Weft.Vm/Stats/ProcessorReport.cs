namespace Weft.Vm.Stats;

/// <summary>Processors of a run.</summary>
/// <param name="Shown">What the program saw: --vcpus.</param>
/// <param name="Vcpus">vCPUs created in all: one a thread, used again by later threads.</param>
public sealed record ProcessorReport(int Shown, int Vcpus);
