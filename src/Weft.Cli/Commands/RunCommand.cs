using Weft.Linux;
using Weft.Vm;
using Weft.Vm.Registry;

namespace Weft.Cli.Commands;

/// <summary>`weft run`: starts a program in a VM. Returns only when it can't be started.</summary>
public static class RunCommand
{
    /// <summary>Runs a program; the process ends with its status.</summary>
    public static int Run(RunOptions options)
    {
        List<byte[]> environment = ProgramEnvironment.Build(RawProcess.Environment(), options.Environment);
        KernelOptions kernel = options.Kernel with
        {
            AnswersInStub = options.Watching.Trace is null,
            Group = GroupSelection.Choose(options.Kernel.Group?.Name, Environment.GetEnvironmentVariable),
        };
        new VirtualMachine(kernel, options.Watching).Run(options.Command, environment);
        return ExitStatus.WeftFailed;
    }
}
