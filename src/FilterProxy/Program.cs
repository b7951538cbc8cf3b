// Read once by the sockets, before the first of them exists: the configuration may take it back until then.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
{
    Environment.SetEnvironmentVariable(InlineCompletions, "1");
}

return await FilterProxy.Host.CommandLine.Create().Parse(args).InvokeAsync();
