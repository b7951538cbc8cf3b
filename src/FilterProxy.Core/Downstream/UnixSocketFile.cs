using System.Net.Sockets;

namespace FilterProxy.Core.Downstream;

/// <summary>The file of a unix socket: it stays behind when its process is killed, and would keep the next one from listening.</summary>
internal static class UnixSocketFile
{
    /// <summary>Removes the file when nobody listens on it. Anything else stays: binding then says what is wrong.</summary>
    public static void RemoveStale(UnixDomainSocketEndPoint address)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(address);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            Delete(address.ToString()!);
        }
        catch (SocketException)
        {
            // There is no such file, or it may not be used.
        }
    }

    private static void Delete(string path)
    {
        try
        {
            if (IsSocket(path))
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Binding fails with the reason.
        }
    }

    // A regular file refuses connections as well, and is not ours: only a socket cannot be opened for this reason.
    private static bool IsSocket(string path)
    {
        const int NoSuchDeviceOrAddress = 6;
        try
        {
            using var handle = File.OpenHandle(path);
            return false;
        }
        catch (IOException e) when (e.HResult == NoSuchDeviceOrAddress)
        {
            return true;
        }
    }
}
