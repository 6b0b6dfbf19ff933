using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Linux.Proc;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Proc;

/// <summary>A process of a real VM that never runs, with a program's usual areas, and the VM's view of it.</summary>
internal sealed class ViewedProcess : IDisposable
{
    private const string Program = "/usr/bin/cat";
    private const ulong StackTop = 0x7fff_0000_0000, StackBytes = 8 << 20;
    private readonly VirtualFileSystem _files;

    internal ViewedProcess(KernelOptions? options = null)
    {
        options ??= new KernelOptions();
        _files = new VirtualFileSystem(options);
        Kernel kernel = new(new GuestMachine(1UL << 40), options) { VirtualFiles = _files };
        Process = new Process(kernel);
        Thread = new GuestThread(Process, kernel.Machine.CreateVcpu(Process.Memory.PageTables)) { Name = "cat"u8.ToArray() };
        Process.AddFirstThread(Thread);
        MapProgram();
        WriteArguments(["cat", "file name"], ["HOME=/root", "LANG=C"]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Thread.Vcpu.Dispose();
        Process.Kernel.Machine.Dispose();
    }

    internal Process Process { get; }

    internal GuestThread Thread { get; }

    /// <summary>What the view has at a path whose links were followed; null for ENOENT. Fails for a path of the host's own.</summary>
    internal VirtualNode? Find(string path)
    {
        Assert.True(IsOwn(path, out VirtualNode? node), path + " is left to the host");
        return node;
    }

    internal bool IsOwn(string path, out VirtualNode? node) => _files.TryResolve(Thread, path, out node);

    internal string Read(string path) => Encoding.Latin1.GetString((Find(path) ?? throw new FileNotFoundException(path)).Read!(Thread));

    /// <summary>A file of the thread.</summary>
    internal string ReadOwn(string name) => Read($"/proc/{Process.Id}/task/{Thread.ThreadId}/{name}");

    internal string[] List(string path) => [.. Find(path)!.List!(Thread).Select(entry => entry.Name)];

    /// <summary>Maps memory and returns its address.</summary>
    internal ulong Map(MapRequest request)
    {
        SyscallResult result = Process.Memory.Map(request);
        Assert.False(result.IsError, $"mapping failed: {result.Error}");
        return (ulong)result.Value;
    }

    internal const ulong ArgumentsStart = StackTop - 4096;

    /// <summary>The host's lines of this process for the calling thread.</summary>
    internal static string HostText(string name) => File.ReadAllText("/proc/thread-self/" + name);

    private void MapProgram()
    {
        using FileStream file = File.OpenRead(Program);
        int descriptor = (int)file.SafeFileHandle.DangerousGetHandle();
        MappedFile mapped = new(Program, 0x1_03_02, 12345, false);
        Map(new MapRequest { LengthBytes = 8192, Protection = Protection.Read | Protection.Execute, Content = HostContent.PrivateFile, HostDescriptor = descriptor, File = mapped });
        Map(new MapRequest { LengthBytes = 4096, Protection = Protection.Read, Content = HostContent.PrivateFile, HostDescriptor = descriptor, FileOffset = 8192, File = mapped });
        Map(new MapRequest { LengthBytes = 1 << 30, Protection = Protection.None });
        Map(new MapRequest { Address = StackTop - StackBytes, LengthBytes = StackBytes, Protection = Protection.Read | Protection.Write, Placement = MapPlacement.Fixed, Name = "[stack]" });
        Process.Memory.InitializeBreak(0x5555_0000_0000);
        Process.Memory.SetBreak(0x5555_0002_1000);
    }

    private void WriteArguments(string[] arguments, string[] environment)
    {
        List<byte[]> argv = [.. arguments.Select(Encoding.UTF8.GetBytes)], envp = [.. environment.Select(Encoding.UTF8.GetBytes)];
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(arguments.Concat(environment).Select(word => word + "\0")));
        Assert.True(Process.Memory.TryWrite(new(ArgumentsStart), text));
        ulong environmentStart = ArgumentsStart + (ulong)argv.Sum(word => word.Length + 1);
        Process.Image = new ProgramImage(Program, argv, envp, [6, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0], ArgumentsStart, environmentStart, StackTop);
    }

    /// <summary>Opens a host file as the guest's next descriptor.</summary>
    internal int Open(string path, bool closeOnExec)
    {
        using NativeBuffer name = new(4096);
        Encoding.UTF8.GetBytes(path + "\0", name.Span);
        const int currentDirectory = -100, closeOnExecFlag = 0x80000;
        return (int)Process.Files.InstallHost(HostStubs.Call(SystemCall.Openat, currentDirectory, (long)name.Address.Value, closeOnExecFlag), closeOnExec).Value;
    }
}
