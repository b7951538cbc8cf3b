namespace FilterProxy.Filters.OAuth2Login;

/// <summary>What becomes of a request without a session.</summary>
public enum AnonymousAction
{
    /// <summary>A page is sent to log in, everything else gets 401.</summary>
    Login,

    /// <summary>401.</summary>
    Deny,

    /// <summary>It passes, without a user and without the headers that would name one.</summary>
    Pass,
}
