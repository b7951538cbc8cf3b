using System.Net.Sockets;
using System.Text;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>
/// A client that asks over and over, keeping its connections, until nobody listens any more. It knows of every request whether it was
/// answered in full, not at all, or, which must not be, in part.
/// </summary>
internal sealed class LoadLoop(int port)
{
    /// <summary>What every response must end with.</summary>
    public const string Mark = "|the end";

    private int _answered;

    /// <summary>Complete responses.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Requests whose connection ended before a byte of a response.</summary>
    public int Unanswered { get; private set; }

    /// <summary>What came of responses that were cut.</summary>
    public List<string> Cut { get; } = [];

    public async Task RunAsync()
    {
        while (true)
        {
            try
            {
                await using var client = await RawClient.ConnectAsync(port);
                await AskAsync(client);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private async Task AskAsync(RawClient client)
    {
        while (true)
        {
            try
            {
                var response = await client.RoundTripAsync("GET /load HTTP/1.1\r\nHost: a\r\n\r\n");
                if (response.Status != 200 || !response.Text.EndsWith(Mark, StringComparison.Ordinal))
                {
                    Cut.Add($"{response.Status} {response.Text}");
                    return;
                }

                Interlocked.Increment(ref _answered);
                if (response.Headers["connection"] == "close")
                {
                    return;
                }
            }
            catch (Exception e) when (e is IOException or RawFormatException)
            {
                var received = Encoding.Latin1.GetString(client.Received);
                if (received.Length == 0 || received.EndsWith(Mark, StringComparison.Ordinal))
                {
                    Unanswered++;
                }
                else
                {
                    Cut.Add(received);
                }

                return;
            }
        }
    }
}
