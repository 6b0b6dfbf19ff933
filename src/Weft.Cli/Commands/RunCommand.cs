using Weft.Linux;
using Weft.Vm;
using Weft.Vm.Registry;

namespace Weft.Cli.Commands;

/// <summary>`weft run`: starts a program in a VM. Returns only when it can't be started.</summary>
public static class RunCommand
{
    /// <summary>Gives a VM shared memory though nobody shares it, when "1": for tests of that memory with any program.</summary>
    private const string ForceSharedMemory = "WEFT_SHARED_MEMORY";

    /// <summary>Runs a program; the process ends with its status.</summary>
    public static int Run(RunOptions options)
    {
        List<byte[]> environment = ProgramEnvironment.Build(RawProcess.Environment(), options.Environment);
        GroupChoice? group = GroupSelection.Choose(options.Kernel.Group?.Name, Environment.GetEnvironmentVariable);
        KernelOptions kernel = options.Kernel with
        {
            AnswersInStub = options.Watching.Trace is null,
            Group = group,
            SharesMemory = options.Kernel.SharesMemory || group is not null || Environment.GetEnvironmentVariable(ForceSharedMemory) == "1",
        };
        new VirtualMachine(kernel, options.Watching).Run(options.Command, environment);
        return ExitStatus.WeftFailed;
    }
}
