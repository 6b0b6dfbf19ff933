using System.Text;
using System.Text.Json;
using Weft.Linux;
using Weft.Linux.Checkpoint;
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
    private readonly ProcessState? _state;

    /// <summary>Creates the VM; nothing is loaded yet.</summary>
    /// <param name="options">What the program may see and use.</param>
    /// <param name="watching">Whether its run is traced and counted.</param>
    /// <exception cref="Kvm.KvmException">The host has no usable KVM.</exception>
    /// <exception cref="IOException">The trace or statistics can't be written.</exception>
    public VirtualMachine(KernelOptions options, WatchOptions watching)
        : this(null, options)
    {
        Watch(watching.Trace is { } trace ? new OutputFile(trace) : null, watching.Statistics is { } statistics ? new OutputFile(statistics) : null);
        _timeline.Created();
    }

    /// <summary>Creates a VM that goes on with a process of another VMM; nothing is loaded yet.</summary>
    /// <param name="state">What that VMM handed over: its descriptors are this process's.</param>
    /// <exception cref="Kvm.KvmException">The host has no usable KVM.</exception>
    public VirtualMachine(ProcessState state)
        : this(state, state.Options)
    {
        _state = state;
        state.KeepDescriptors();
        state.Restore(_kernel);
        Watch(OutputFile.TryAdopt(state.Kernel.Watch.Trace), OutputFile.TryAdopt(state.Kernel.Watch.Statistics));
        _timeline.Created();
    }

    private VirtualMachine(ProcessState? state, KernelOptions options)
    {
        _kernel = new Kernel(new GuestMachine(sharesMemory: options.SharesMemory), options) { VirtualFiles = new Linux.Proc.VirtualFileSystem(options) };
        _process = new Process(_kernel, state);
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
        GuestThread main = CreateThread();
        Func<string, long> open = OpenerFor(main);
        byte[] path = Encoding.Latin1.GetBytes(new ProgramLookup(open).Find(Encoding.Latin1.GetString(arguments[0]), environment));
        using (OpenedProgram program = OpenedProgram.Open(path, arguments, open))
            new ProgramLoader(_process, open).Load(program, environment, main);
        Start(main, arguments[0]);
    }

    /// <summary>Goes on with the process of the state on the calling thread. Returns only when its program can't be started.</summary>
    /// <exception cref="LoadException">The program can't be started.</exception>
    public void Resume()
    {
        ProcessState state = _state ?? throw new InvalidOperationException("The VM was not made of a state.");
        byte[] name = state.ProgramName;
        AdapterAttachment.Attach(_kernel, Encoding.UTF8.GetString(name));
        HostSignals.Start(_kernel, _process, state.Signals);
        GuestThread main = CreateThread();
        state.Restore(main);
        state.Fork?.Restore(main);
        if (state.Program is { } start)
            using (OpenedProgram program = OpenedProgram.Adopt(start.Descriptor, start.Path, start.Arguments))
                new ProgramLoader(_process, OpenerFor(main)).Load(program, start.Environment, main);
        Start(main, name);
    }

    private GuestThread CreateThread() => new(_process, _kernel.Machine.CreateVcpu(_process.Memory.PageTables));

    private Func<string, long> OpenerFor(GuestThread main) => file => _process.Paths.OpenHost(main, file).Value;

    private void Start(GuestThread main, byte[] program)
    {
        _process.AddFirstThread(main);
        Register(program);
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
            {
                _kernel.Replaced = name => registration = registration.Renew(VmRegister.DirectoryIn(directory), record with { Program = Encoding.UTF8.GetString(name) });
                return;
            }
            Group joined = Group.Join(_process, new GroupRegister(directory, group.Name, registration));
            _kernel.Group = joined;
            _kernel.Ending += _ => joined.Leave(_kernel.ProcessId);
        }
        catch (IOException) when (group is null)
        {
            // Nobody may look into the directory of sockets: the VM stands alone.
        }
    }

    private void Watch(OutputFile? trace, OutputFile? statistics)
    {
        if (trace is null && statistics is null)
            return;
        Tracer? tracer = trace is null ? null : new Tracer(trace);
        _kernel.Watch = new WatchDescriptors(trace?.Descriptor ?? -1, statistics?.Descriptor ?? -1);
        _kernel.Observer = tracer;
        _kernel.Statistics.MeasuresTime = statistics is not null;
        _kernel.Replacing += thread => tracer?.Replaced(thread);
        _kernel.Ending += status =>
        {
            tracer?.End(status);
            statistics?.Write(JsonSerializer.Serialize(
                ReportBuilder.Build(_kernel, _process, _timeline.Measure(), status), ReportJson.Default.RunReport) + "\n");
        };
    }
}
