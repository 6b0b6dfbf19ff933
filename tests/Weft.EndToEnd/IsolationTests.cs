using System.Net;
using System.Net.Sockets;

namespace Weft.EndToEnd;

/// <summary>--root, --bind, --read-only and --network none narrow what a program reaches, and the narrowing holds.</summary>
public sealed class IsolationTests
{
    [VmTheory]
    [EachWay]
    public Task Nothing_above_the_root_is_reached(string way) => AssertHeldAsync(way);

    [VmTheory]
    [EachWay]
    public Task Nothing_above_the_root_is_reached_by_an_inherited_descriptor(string way) => AssertHeldAsync(way, "5");

    private static async Task AssertHeldAsync(string way, params string[] descriptor)
    {
        using var folder = new TemporaryFolder();
        string root = await MakeRootAsync(folder);
        var escape = new Command("/escape", [folder.Path + "/secret", .. descriptor]) { WeftOptions = ["--root", root] }.InVm(way);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.Path + "/secret.socket"));
        listener.Listen();
        // Descriptor 5 is the folder that holds the secret.
        string inherited = descriptor.Length > 0 ? $"exec 5<{Shell.Quote(folder.Path)}; " : "";
        var outcome = await Runs.OnceAsync(new Command("/bin/bash", "-c", inherited + "exec " + escape.Typed));
        string[] escapes = [.. outcome.Output.Split('\n').Where(line => line.EndsWith("ESCAPED", StringComparison.Ordinal))];
        Assert.Empty(escapes);
        Assert.EndsWith("done\n", outcome.Output);
        Assert.Equal(0, outcome.Status);
        Assert.False(File.Exists(folder.Path + "/left-behind"));
        Assert.Equal("top secret\n", await File.ReadAllTextAsync(folder.Path + "/secret"));
    }

    [VmTheory("/bin/busybox")]
    [EachWay]
    public async Task Root_and_binds_show_what_was_chosen(string way)
    {
        using var folder = new TemporaryFolder();
        string root = await MakeRootAsync(folder);
        Directory.CreateDirectory(root + "/data");
        Directory.CreateDirectory(root + "/fixed");
        Directory.CreateDirectory(folder.Path + "/outside");
        folder.Write("outside/file", "from outside\n");
        string[] options = ["--root", root, "--bind", $"{folder.Path}/outside:/data", "--bind", $"{folder.Path}/outside:/fixed:ro"];
        Task<Outcome> Busybox(params string[] arguments) => Runs.OnceAsync(new Command("/busybox", arguments) { WeftOptions = options }.InVm(way));

        Assert.Equal("busybox\ndata\nescape\nfixed\n", (await Busybox("ls", "/")).Output);
        Assert.Equal("from outside\n", (await Busybox("cat", "/data/file")).Output);
        Assert.Equal(0, (await Busybox("touch", "/data/new")).Status);
        Assert.True(File.Exists(folder.Path + "/outside/new"));
        Assert.Equal("from outside\n", (await Busybox("cat", "/fixed/file")).Output);
        foreach (string[] change in new string[][] { ["touch", "/fixed/more"], ["rm", "/fixed/file"], ["mv", "/fixed/file", "/data/gone"], ["chmod", "777", "/fixed/file"], ["mkdir", "/fixed/x"] })
            Assert.NotEqual(0, (await Busybox(change)).Status);
        Assert.Equal(["file", "new"], Directory.GetFiles(folder.Path + "/outside").Select(Path.GetFileName).Order());
        Assert.NotEqual(0, (await Busybox("cat", "/data/../../secret")).Status);
        Assert.NotEqual(0, (await Busybox("cat", "/data/../secret")).Status);
    }

    [VmTheory("/bin/busybox")]
    [EachWay]
    public async Task A_directory_passed_in_is_the_programs_where_it_sees_it_anyway(string way)
    {
        using var folder = new TemporaryFolder();
        string root = await MakeRootAsync(folder);
        Directory.CreateDirectory(root + "/shown");
        Directory.CreateDirectory(folder.Path + "/outside");
        folder.Write("root/shown/file", "inside\n");
        folder.Write("outside/file", "outside\n");
        async Task<Outcome> Busybox(string descriptor, string[] options, params string[] arguments)
        {
            var command = new Command("/busybox", arguments) { WeftOptions = ["--root", root, .. options] }.InVm(way);
            return await Runs.OnceAsync(new Command("/bin/bash", "-c", $"exec 5<{Shell.Quote(descriptor)}; exec {command.Typed}"));
        }
        string[] bound = ["--bind", $"{folder.Path}/outside:/shown:ro"];
        Assert.Equal("inside\n", (await Busybox(root + "/shown", [], "cat", "/proc/self/fd/5/file")).Output);
        Assert.Equal("/shown\n", (await Busybox(root + "/shown", [], "readlink", "/proc/self/fd/5")).Output);
        Assert.NotEqual(0, (await Busybox(root + "/shown", [], "cat", "/proc/self/fd/5/../../secret")).Status);
        Assert.NotEqual(0, (await Busybox(root + "/shown", ["--read-only"], "touch", "/proc/self/fd/5/new")).Status);
        Assert.NotEqual(0, (await Busybox(folder.Path + "/outside", [], "cat", "/proc/self/fd/5/file")).Status);
        // Through the bind it is seen; what the bind covers is not.
        Assert.Equal("outside\n", (await Busybox(folder.Path + "/outside", bound, "cat", "/proc/self/fd/5/file")).Output);
        Assert.NotEqual(0, (await Busybox(folder.Path + "/outside", bound, "touch", "/proc/self/fd/5/new")).Status);
        Assert.NotEqual(0, (await Busybox(root + "/shown", bound, "cat", "/proc/self/fd/5/file")).Status);
    }

    [VmTheory]
    [EachWay("touch {0}/new", "rm {0}/kept", "mv {0}/kept {0}/moved", "chmod 600 {0}/kept", "mkdir {0}/folder", "ln -s x {0}/link", "ln {0}/kept {0}/twin",
        "truncate -s 0 {0}/kept", "touch -d @0 {0}/kept", "dd if=/dev/zero of={0}/kept count=1 conv=notrunc", "rmdir {0}/empty", "mkfifo {0}/pipe")]
    public async Task Read_only_run_changes_nothing(string line, string way)
    {
        using var folder = new TemporaryFolder();
        folder.Write("kept", "content\n");
        Directory.CreateDirectory(folder.Path + "/empty");
        string before = Tree.Describe(folder.Path);
        string[] words = string.Format(System.Globalization.CultureInfo.InvariantCulture, line, folder.Path).Split(' ');
        var outcome = await Runs.OnceAsync(new Command(Surroundings.Find(words[0])!, words[1..]) { WeftOptions = ["--read-only"] }.InVm(way));
        Assert.True(outcome.Status is > 0 and < 125, outcome.Describe());
        Assert.Contains("Read-only file system", outcome.Error);
        Assert.Equal(before, Tree.Describe(folder.Path));
        var reading = await Runs.OnceAsync(new Command(Surroundings.Find("cat")!, folder.Path + "/kept") { WeftOptions = ["--read-only"] }.InVm(way));
        Assert.Equal("content\n", reading.Output);
    }

    [VmTheory("/usr/bin/python3.11")]
    [EachWay("AF_INET", "AF_INET6", "AF_UNIX")]
    public async Task Without_a_network_nothing_of_the_hosts_is_reached(string family, string way)
    {
        using var folder = new TemporaryFolder();
        using var internet = new TcpListener(family == "AF_INET6" ? IPAddress.IPv6Loopback : IPAddress.Loopback, 0);
        using var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        internet.Start();
        local.Bind(new UnixDomainSocketEndPoint(folder.Path + "/s"));
        local.Listen();
        string abstractName = "weft-" + Guid.NewGuid().ToString("N");
        using var nameless = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        nameless.Bind(new UnixDomainSocketEndPoint("\0" + abstractName));
        nameless.Listen();
        int port = ((IPEndPoint)internet.LocalEndpoint).Port;
        string address = family switch { "AF_INET" => $"('127.0.0.1', {port})", "AF_INET6" => $"('::1', {port})", _ => $"'\\0{abstractName}'" };
        var connect = new Command("/usr/bin/python3.11", "-c", $"""
            import socket
            try:
                s = socket.socket(socket.{family}, socket.SOCK_STREAM)
                s.settimeout(3)
                s.connect({address})
                print("reached")
            except OSError as e:
                print("refused")
            """);
        Assert.Equal("reached\n", (await Runs.OnceAsync(connect.InVm(way))).Output);
        Assert.Equal("refused\n", (await Runs.OnceAsync((connect with { WeftOptions = ["--network", "none"] }).InVm(way))).Output);
    }

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public async Task Pairs_and_pipes_work_without_a_network(string way)
    {
        var pair = new Command("/usr/bin/python3.11", "-c", "import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))") { WeftOptions = ["--network", "none"] };
        Assert.Equal("b'x'\n", (await Runs.OnceAsync(pair.InVm(way))).Output);
    }

    private static async Task<string> MakeRootAsync(TemporaryFolder folder)
    {
        folder.Write("secret", "top secret\n");
        string root = Directory.CreateDirectory(folder.Path + "/root").FullName;
        File.Copy(await Programs.BuildAsync("escape"), root + "/escape");
        if (File.Exists("/bin/busybox"))
            File.Copy("/bin/busybox", root + "/busybox");
        return root;
    }
}
