namespace FilterProxy.Core.Http1;

/// <summary>
/// What happens to a request field whose name holds an underscore. CGI-style origins read <c>X_User</c> and <c>X-User</c> as the
/// same variable, so a client could pass a field off as one the proxy sets.
/// </summary>
internal enum UnderscorePolicy
{
    Allow,
    Drop,
    Reject,
}
