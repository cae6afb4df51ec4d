import { HttpError, HttpResponse, HttpServer, Router } from 'portlight';
const server = new HttpServer();
