using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Weft.Linux;
using Weft.Vm;
using Weft.Vm.Registry;

namespace Weft.Cli;

/// <summary>Gives the options of a line their meaning, and refuses values that have none.</summary>
public static class RunOptionReader
{
    private const ulong LeastMemoryBytes = 1 << 20;
    private const int MostVcpus = 1024;

    /// <summary>The options of a line.</summary>
    /// <exception cref="UsageException">A value is wrong; says what would be right.</exception>
    public static RunOptions Read(RunLine line)
    {
        RunOptions options = new() { Command = line.Command };
        List<BindMount> binds = [];
        List<byte[]> environment = [];
        foreach (GivenOption given in line.Options)
        {
            byte[] raw = given.Value ?? [];
            if (given.Option == RunOptionTable.Env)
            {
                environment.Add(Variable(raw));
                continue;
            }
            string value = Text(given.Option, raw);
            if (given.Option == RunOptionTable.Bind)
                binds.Add(Bind(value));
            else if (given.Option == RunOptionTable.Trace || given.Option == RunOptionTable.Stats)
                options = WithOutput(options, given, value);
            else
                options = options with { Kernel = WithKernelOption(options.Kernel, given.Option, value) };
        }
        KernelOptions kernel = options.Kernel with { Binds = binds };
        if (kernel.WorkingDirectory is { } directory && !Path.IsPathRooted(directory))
            kernel = kernel with { WorkingDirectory = Absolute(directory, kernel) };
        return options with { Environment = environment, Kernel = kernel };
    }

    private static RunOptions WithOutput(RunOptions options, GivenOption given, string value)
    {
        if (given.Value is { Length: 0 })
            throw new UsageException($"{given.Option.Name}= names no file; leave out '=' for standard error");
        WatchOptions watching = options.Watching;
        return options with
        {
            Watching = given.Option == RunOptionTable.Trace ? watching with { Trace = value } : watching with { Statistics = value },
        };
    }

    private static KernelOptions WithKernelOption(KernelOptions kernel, RunOption option, string value) => option.Name switch
    {
        "--memory" => kernel with { MemoryLimitBytes = Memory(value) },
        "--vcpus" => kernel with { ProcessorCount = Vcpus(value) },
        "--root" => kernel with { RootDirectory = Directory(value) },
        "--read-only" => kernel with { ReadOnly = true },
        "--network" => kernel with { HasNetwork = Choice(option, value) == "host" },
        "--adapter" => kernel with
        {
            SharesMemory = true,
            Adapter = value.Length == 0 ? AdapterUse.Any : Choice(option, value) switch
            {
                "poll" => AdapterUse.Poll,
                "event" => AdapterUse.Event,
                _ => AdapterUse.Auto,
            },
        },
        "--cwd" => kernel with { WorkingDirectory = NotEmpty(option, value) },
        "--name" => kernel with { Name = Name(option, value) },
        "--group" => kernel with { Group = new GroupChoice(Name(option, value), option.Name) },
        "--syscalls" => kernel with
        {
            SystemCalls = Choice(option, value) switch
            {
                "exit" => SystemCallMode.Exit,
                "attendant" => SystemCallMode.Attendant,
                _ => SystemCallMode.Auto,
            },
        },
        _ => kernel,
    };

    private static string Text(RunOption option, byte[] raw) =>
        Utf8.IsValid(raw) ? Encoding.UTF8.GetString(raw) : throw new UsageException($"{option.Name}: the value is not UTF-8 text");

    private static string NotEmpty(RunOption option, string value) =>
        value.Length > 0 ? value : throw new UsageException($"{option.Name} needs a value: {option.Name} {option.Value}");

    private static string Choice(RunOption option, string value) =>
        option.Choices.Contains(value) ? value
        : throw new UsageException($"{option.Name}: '{value}' is not one of {string.Join(", ", option.Choices)}");

    private static ulong Memory(string value)
    {
        if (!MemorySize.TryParse(value, out ulong bytes, out string error))
            throw new UsageException("--memory: " + error);
        return bytes >= LeastMemoryBytes ? bytes
            : throw new UsageException($"--memory: {value} is too little for any program; give at least {MemorySize.Format(LeastMemoryBytes)}");
    }

    private static int Vcpus(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MostVcpus ? count
        : throw new UsageException($"--vcpus: '{value}' is not a number from 1 to {MostVcpus}");

    private static string Directory(string value)
    {
        if (System.IO.Directory.Exists(value))
            return Path.GetFullPath(value);
        throw new UsageException($"--root: '{value}' {(File.Exists(value) ? "is not a directory" : "does not exist or can't be reached")}; name a directory that holds the program's files");
    }

    private static BindMount Bind(string value)
    {
        const string form = "give SRC:DST or SRC:DST:ro, such as --bind /srv/data:/data:ro";
        string[] parts = value.Split(':');
        bool readOnly = parts.Length == 3 && parts[2] == "ro";
        if (parts.Length is not (2 or 3) || parts.Length == 3 && parts[2] is not ("ro" or "rw") || parts[0].Length == 0)
            throw new UsageException($"--bind: '{value}' is not of the right form; {form}");
        if (!Path.IsPathRooted(parts[1]))
            throw new UsageException($"--bind: '{parts[1]}' must begin with '/'; {form}");
        if (!Path.Exists(parts[0]))
            throw new UsageException($"--bind: '{parts[0]}' does not exist on the host");
        return new BindMount(Path.GetFullPath(parts[0]), parts[1], readOnly);
    }

    private static string Name(RunOption option, string value) =>
        GroupName.IsValid(value) ? value
        : throw new UsageException($"{option.Name}: '{value}' is no name; use at most {GroupName.Longest} letters, digits and _.- after a letter or digit");

    private static byte[] Variable(byte[] value) =>
        value.Length > 0 && value[0] != '=' ? value : throw new UsageException("--env needs a variable: --env NAME=value, or --env NAME to pass the caller's on");

    private static string Absolute(string directory, KernelOptions kernel) =>
        kernel.RootDirectory is null ? Path.GetFullPath(directory)
        : throw new UsageException($"--cwd: '{directory}' must begin with '/' when --root is given");
}
