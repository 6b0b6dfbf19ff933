using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Weft.Fabric.Security;

/// <summary>
/// A secret that all daemons of a cluster share: for one machine and for test networks. Both ends prove that they have it, each
/// by an HMAC-SHA-256 over both ends' nonces and numbers, and never send it. Only a connection's beginning is proved: what follows
/// is neither encrypted nor authenticated, so whoever can change packets on the way can change data. Hence the restriction to
/// loopback and to networks that were declared test networks.
/// </summary>
public sealed class ClusterKey : LinkSecurity
{
    private const int NonceBytes = 32, MacBytes = 32;
    private const int LeastBytes = 32, MostBytes = 4096;
    private readonly byte[] _key;
    private readonly IReadOnlyList<IPNetwork> _testNetworks;

    /// <summary>A key from memory.</summary>
    /// <param name="key">32 bytes at least, random.</param>
    /// <param name="testNetworks">Networks beside loopback on which it will do.</param>
    /// <exception cref="ArgumentException">The key is too short.</exception>
    public ClusterKey(ReadOnlySpan<byte> key, IReadOnlyList<IPNetwork> testNetworks)
    {
        if (key.Length < LeastBytes)
            throw new ArgumentException($"A cluster key has {LeastBytes} bytes at least; make one with: head -c 32 /dev/urandom > FILE");
        (_key, _testNetworks) = (key.ToArray(), testNetworks);
    }

    /// <summary>Reads the key from a file that only its owner can read.</summary>
    /// <exception cref="ArgumentException">The file is missing, open to others, or of another size; the message is one line for the user.</exception>
    public static ClusterKey FromFile(string path, IReadOnlyList<IPNetwork> testNetworks)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        try
        {
            using FileStream file = File.OpenRead(path);
            if ((File.GetUnixFileMode(file.SafeFileHandle) & others) != 0)
                throw new ArgumentException($"Others can read the cluster key {path}; run: chmod 600 {path}");
            byte[] key = new byte[MostBytes];
            int length = file.ReadAtLeast(key, MostBytes, throwOnEndOfStream: false);
            return new ClusterKey(key.AsSpan(0, length), testNetworks);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"The cluster key {path} can't be read; name a file that you own.");
        }
    }

    /// <inheritdoc/>
    public override string? Refusal(IPAddress address) => Network.IsLoopbackOrIn(address, _testNetworks)
        ? null
        : $"A cluster key does not protect links by way of {address}; use certificates (--tls-…), or declare the network with --test-network.";

    internal override Task<LinkConnection> ConnectAsync(Socket socket, Introduction introduction, CancellationToken cancel) =>
        OnThread(() => Connect(socket, introduction));

    internal override Task<LinkConnection> AcceptAsync(Socket socket, ushort number, CancellationToken cancel) =>
        OnThread(() => Accept(socket, number));

    /// <summary>
    /// Runs a proof with calls that block, on a thread of its own: a socket that was ever used asynchronously stays in the runtime's
    /// epoll set, which would wake a thread for each packet that the link gets later. Whoever loses patience disposes the socket.
    /// </summary>
    private static Task<LinkConnection> OnThread(Func<LinkConnection> prove) =>
        Task.Factory.StartNew(prove, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private LinkConnection Connect(Socket socket, Introduction introduction)
    {
        NetworkStream stream = new(socket, ownsSocket: true);
        byte[] mine = new byte[Introduction.SizeBytes + NonceBytes];
        introduction.Write(mine);
        RandomNumberGenerator.Fill(mine.AsSpan(Introduction.SizeBytes));
        stream.Write(mine);
        byte[] theirs = new byte[NonceBytes];
        stream.ReadExactly(theirs);
        stream.Write(Prove("dial"u8, mine, theirs));
        Check(stream, Prove("answer"u8, mine, theirs), $"host {introduction.To} has another cluster key");
        return Hand(stream, introduction.To);
    }

    private LinkConnection Accept(Socket socket, ushort number)
    {
        NetworkStream stream = new(socket, ownsSocket: true);
        byte[] theirs = new byte[Introduction.SizeBytes + NonceBytes];
        stream.ReadExactly(theirs);
        Introduction introduction = Introduction.Read(theirs, number);
        byte[] mine = RandomNumberGenerator.GetBytes(NonceBytes);
        stream.Write(mine);
        // The dialling end proves itself first: a stranger gets no MAC to work on.
        Check(stream, Prove("dial"u8, theirs, mine), $"what calls itself host {introduction.From} has another cluster key");
        stream.Write(Prove("answer"u8, theirs, mine));
        return Hand(stream, introduction.From);
    }

    /// <summary>The role keeps one end's proof from being the other's.</summary>
    private byte[] Prove(ReadOnlySpan<byte> role, ReadOnlySpan<byte> dialled, ReadOnlySpan<byte> answered)
    {
        byte[] text = [.. role, 0, .. dialled, .. answered];
        return HMACSHA256.HashData(_key, text);
    }

    private static void Check(Stream stream, byte[] expected, string refusal)
    {
        byte[] proof = new byte[MacBytes];
        stream.ReadExactly(proof);
        if (!CryptographicOperations.FixedTimeEquals(proof, expected))
            throw new LinkRefusedException(refusal);
    }

    private static LinkConnection Hand(NetworkStream stream, ushort peer)
    {
        stream.Socket.Blocking = false;
        return new LinkConnection(peer, (int)stream.Socket.Handle, stream);
    }
}
