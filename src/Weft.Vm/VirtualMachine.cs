using System.Text;
using System.Text.Json;
using Weft.Linux;
using Weft.Linux.Files;
using Weft.Linux.Groups;
using Weft.Linux.Loading;
using Weft.Linux.Signals;
using Weft.Linux.Sockets;
using Weft.Machine;
using Weft.Vm.Daemon;
using Weft.Vm.Registry;
using Weft.Vm.Stats;
using Weft.Vm.Trace;

namespace Weft.Vm;

/// <summary>One VM's life: makes machine and kernel, loads the program, runs it.</summary>
public sealed class VirtualMachine
{
    private readonly Kernel _kernel;
    private readonly Process _process;
    private readonly RunTimeline _timeline = new();

    /// <summary>Creates the VM; nothing is loaded yet.</summary>
    /// <param name="options">What the program may see and use.</param>
    /// <param name="watching">Whether its run is traced and counted.</param>
    /// <exception cref="Kvm.KvmException">The host has no usable KVM.</exception>
    /// <exception cref="IOException">The trace or statistics can't be written.</exception>
    public VirtualMachine(KernelOptions options, WatchOptions watching)
    {
        _kernel = new Kernel(new GuestMachine(sharesMemory: options.SharesMemory), options) { VirtualFiles = new Linux.Proc.VirtualFileSystem(options) };
        _process = new Process(_kernel);
        Watch(watching);
        _timeline.Created();
    }

    /// <summary>The VM's kernel.</summary>
    public Kernel Kernel => _kernel;

    /// <summary>Loads a program and runs it on the calling thread. Returns only when the program can't be started.</summary>
    /// <param name="arguments">argv; its first word is the program's name or path, looked up as execvp does.</param>
    /// <param name="environment">envp, "NAME=value".</param>
    /// <exception cref="LoadException">The program can't be started.</exception>
    public void Run(IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment)
    {
        InheritedFiles.Adopt(_process.Files, _process.Paths);
        AdapterAttachment.Attach(_kernel, Encoding.UTF8.GetString(arguments[0]));
        EmptyNetwork.TryEnter(_kernel);
        HostSignals.Start(_kernel, _process);
        Vcpu vcpu = _kernel.Machine.CreateVcpu(_process.Memory.PageTables);
        GuestThread main = new(_process, vcpu);
        Func<string, long> open = file => _process.Paths.OpenHost(main, file, 0).Value;
        string path = new ProgramLookup(open).Find(Encoding.UTF8.GetString(arguments[0]), environment);
        new ProgramLoader(_process, open).Load(path, arguments, environment, main);
        _process.AddFirstThread(main);
        Register(arguments[0]);
        _timeline.Entered();
        main.Run();
        // The first thread is over; the last one ends the host process.
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>Tells others of this user that the VM runs, and joins its group. One that can't is only not listed, unless it has a group.</summary>
    private void Register(byte[] program)
    {
        GroupChoice? group = _kernel.Options.Group;
        try
        {
            string directory = RuntimeDirectory.Open();
            VmRecord record = new(_kernel.ProcessId, _kernel.Options.Name ?? "", group?.Name ?? "", Encoding.UTF8.GetString(program), DateTimeOffset.UtcNow, []);
            if (VmRegistration.TryCreate(VmRegister.DirectoryIn(directory), record) is not { } registration)
            {
                if (group is not null)
                    throw new IOException($"'{directory}' can't be written; set XDG_RUNTIME_DIR to a directory of your own");
                return;
            }
            _kernel.Ending += _ => registration.Remove();
            if (group is null)
                return;
            Group joined = Group.Join(_process, new GroupRegister(directory, group.Name, registration));
            _kernel.Group = joined;
            _kernel.Ending += _ => joined.Leave(_kernel.ProcessId);
        }
        catch (IOException) when (group is null)
        {
            // Nobody may look into the directory of sockets: the VM stands alone.
        }
    }

    private void Watch(WatchOptions watching)
    {
        Tracer? tracer = watching.Trace is { } trace ? new Tracer(trace) : null;
        OutputFile? statistics = watching.Statistics is { } file ? new OutputFile(file) : null;
        if (tracer is null && statistics is null)
            return;
        _kernel.Observer = tracer;
        _kernel.Statistics.MeasuresTime = statistics is not null;
        _kernel.Ending += status =>
        {
            tracer?.End(status);
            statistics?.Write(JsonSerializer.Serialize(
                ReportBuilder.Build(_kernel, _process, _timeline.Measure(), status), ReportJson.Default.RunReport) + "\n");
        };
    }
}
