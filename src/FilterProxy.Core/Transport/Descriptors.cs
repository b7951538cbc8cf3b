using System.Globalization;
using System.IO.Enumeration;
using System.Net.Sockets;

namespace FilterProxy.Core.Transport;

/// <summary>
/// The file descriptors this process may open. A new one has the lowest free number, so the number tells how many are left. Some are
/// kept from clients, so that requests already accepted still reach their upstreams; the last ones are kept from upstreams too: an
/// assembly or a certificate that the runtime cannot open when it first needs it may never be tried again.
/// </summary>
internal static class Descriptors
{
    private const int ForRuntime = 32;
    private const string OpenOnes = "/proc/self/fd";

    /// <summary>How many may be open; the largest number where that is not known.</summary>
    public static int Max { get; } = ReadMax();

    /// <summary>How many may be open before no more clients should be let in.</summary>
    public static int MaxForClients { get; } = Max - Math.Clamp(Max / 8, ForRuntime * 2, 1024);

    /// <summary>Whether no more clients should be let in.</summary>
    public static bool AreScarce(Socket newest) => NumberOf(newest.SafeHandle) >= MaxForClients;

    /// <summary>How many are open; 0 where that cannot be told.</summary>
    public static int CountOpen()
    {
        try
        {
            // Linux 6.2 says it at once (proc_pid_fd(5)); before that each of them has to be looked at.
            return LinuxFiles.TrySizeOf(OpenOnes, out var size) && size > 0 ? (int)size
                : OperatingSystem.IsLinux() ? new FileSystemEnumerable<bool>(OpenOnes, static (ref FileSystemEntry _) => true).Count() : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>As <see cref="AreScarce(Socket)"/>, asked with a descriptor of its own.</summary>
    public static bool AreScarce()
    {
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            return AreScarce(probe);
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Whether even an upstream should not have this one.</summary>
    public static bool AreOut(SafeSocketHandle newest) => NumberOf(newest) >= Max - ForRuntime;

    private static long NumberOf(SafeSocketHandle socket) => OperatingSystem.IsWindows() ? 0 : socket.DangerousGetHandle();

    // The runtime raises the soft limit to the hard one when it starts, so this is what holds.
    private static int ReadMax()
    {
        try
        {
            foreach (var line in OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/limits") : [])
            {
                if (line.StartsWith("Max open files", StringComparison.Ordinal)
                    && int.TryParse(line["Max open files".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture, out var max))
                {
                    return max;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not told: then the kernel's refusal is the first sign.
        }

        return int.MaxValue;
    }
}
